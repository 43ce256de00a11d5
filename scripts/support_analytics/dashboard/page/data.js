// The embedded block: inflate it and give its arrays their types. pack.py writes it.

function fromBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

// The element is emptied: what it held is kept once, inflated.
async function inflate(elementId) {
  const element = document.getElementById(elementId);
  const stream = new Blob([fromBase64(element.textContent)]).stream().pipeThrough(new DecompressionStream('deflate'));
  element.textContent = '';
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const ARRAY_TYPES = {
  uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array, int32: Int32Array, double: Float64Array,
};

function readBlock(bytes) {
  const headerLength = new DataView(bytes.buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + headerLength)));
  const arrays = {};
  let position = 4 + headerLength;
  for (const { name, type, length, divide_by: divideBy, split } of header.arrays) {
    const width = ARRAY_TYPES[type].BYTES_PER_ELEMENT;
    const joined = new Uint8Array(length * width);
    const stored = bytes.subarray(position, position + length * width);
    position += length * width;
    if (split) {
      for (let byte = 0; byte < width; byte++) {
        for (let i = 0; i < length; i++) joined[i * width + byte] = stored[byte * length + i];
      }
    } else {
      joined.set(stored);
    }
    const values = new ARRAY_TYPES[type](joined.buffer);
    arrays[name] = divideBy === 1 ? values : Float64Array.from(values, (v) => (v < 0 ? -1 : v / divideBy));
  }
  return { arrays, facts: header.facts };
}

function runningSum(differences) {
  const sums = new Int32Array(differences.length);
  let sum = 0;
  for (let i = 0; i < differences.length; i++) sums[i] = sum += differences[i];
  return sums;
}

const DAY_MS = 86400000;
const NOT_LEFT = 32767;
const LOOKBACK_DAYS = 6;
const DIMENSIONS = ['channel', 'category', 'plan', 'country'];

// Tickets in columns. A day is a number: 0 is the first day of the page, and those before it are there
// only for 7-day averages and the backlog. Code 0 of a coded column stands for null.
class Tickets {
  constructor({ arrays, facts }) {
    Object.assign(this, arrays);
    this.facts = facts;
    // Figures of fewer tickets are marked and not compared.
    this.fewest = facts.min_tickets_for_percentile;
    this.count = arrays.day.length;
    this.startMs = Date.parse(facts.start_day + 'T00:00:00Z');
    this.lastDay = this.dayOf(facts.last_day);
    this.spineStart = Math.max(-LOOKBACK_DAYS, this.dayOf(facts.first_day));
    this.bit = Object.fromEntries(facts.flags.map((name, index) => [name, 1 << index]));
    this.names = Object.fromEntries(
      Object.entries(facts.values).map(([column, values]) => [column, [null, ...values]]));
    this.firstRowOf = this.indexDays();
    this.ageHours = new Float64Array(this.count).fill(NaN);
    let open = 0;
    for (let row = 0; row < this.count; row++) {
      if (this.flags[row] & this.bit.is_open) this.ageHours[row] = this.open_age_hours[open++];
    }
    this.detailRow = runningSum(this.detail_row);
    this.detailCreated = runningSum(this.detail_created_s);
    this.all = new Uint8Array(this.count).fill(1);
  }

  dayOf(isoDay) {
    return Math.round((Date.parse(isoDay + 'T00:00:00Z') - this.startMs) / DAY_MS);
  }

  isoDay(day) {
    return new Date(this.startMs + day * DAY_MS).toISOString().slice(0, 10);
  }

  // Monday of the day's week.
  weekOf(day) {
    const sinceMonday = (Math.round(this.startMs / DAY_MS) + day + 3) % 7;
    return day - sinceMonday;
  }

  indexDays() {
    const first = new Int32Array(this.lastDay + LOOKBACK_DAYS + 2);
    let row = 0;
    for (let day = -LOOKBACK_DAYS; day <= this.lastDay + 1; day++) {
      while (row < this.count && this.day[row] < day) row++;
      first[day + LOOKBACK_DAYS] = row;
    }
    return first;
  }

  // Whether the data has none of a kind: texts, first_responses, tags, users.
  lacks(kind) {
    return this.facts.lacks.includes(kind);
  }

  // First row, and the one after the last, of the tickets created on the days from..to.
  rows(from, to) {
    const start = Math.max(from, -LOOKBACK_DAYS);
    const end = Math.min(to, this.lastDay);
    if (end < start) return [0, 0];
    return [this.firstRowOf[start + LOOKBACK_DAYS], this.firstRowOf[end + LOOKBACK_DAYS + 1]];
  }

  // 1 for each ticket that the chosen values let through; chosen: column -> set of codes, or null for all.
  mask(chosen) {
    const limits = DIMENSIONS.filter((name) => chosen[name]).map((name) => {
      const allowed = new Uint8Array(this.names[name].length);
      for (const code of chosen[name]) allowed[code] = 1;
      return [this[name], allowed];
    });
    if (!limits.length) return this.all;
    const mask = new Uint8Array(this.count).fill(1);
    for (const [codes, allowed] of limits) {
      for (let row = 0; row < this.count; row++) mask[row] &= allowed[codes[row]];
    }
    return mask;
  }
}
