// What the reader chose, kept in the URL's hash so that a link shows the same page.

const PRESETS = { '7d': 7, '28d': 28, '90d': 90, all: Infinity };
const UNKNOWN = '~unknown';

// A preset ends on the last complete day; "all" also has the day that is not over.
function presetRange(tickets, preset) {
  if (preset === 'all') return { from: 0, to: tickets.lastDay };
  const to = Math.max(0, tickets.lastDay - 1);
  return { from: Math.max(0, to - PRESETS[preset] + 1), to };
}

// The last 28 days, or all where none of the tickets is of these.
function defaultPreset(tickets) {
  const { from, to } = presetRange(tickets, '28d');
  const [start, end] = tickets.rows(from, to);
  return start < end ? '28d' : 'all';
}

function defaultState(tickets) {
  const preset = defaultPreset(tickets);
  return {
    preset,
    ...presetRange(tickets, preset),
    chosen: Object.fromEntries(DIMENSIONS.map((name) => [name, null])),
    unit: 'auto',
    topicsOf: 0,
    query: '',
    withWaiting: true,
  };
}

// Codes that a reader can choose from: null only where a ticket has it.
function choosableCodes(tickets, column) {
  const hasUnknown = tickets[column].includes(0);
  const codes = tickets.names[column].map((_, code) => code).slice(1);
  return hasUnknown ? [...codes, 0] : codes;
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function readHash(tickets, hash) {
  const state = defaultState(tickets);
  const given = new URLSearchParams(hash.replace(/^#/, ''));
  if (given.has('period') && Object.hasOwn(PRESETS, given.get('period'))) {
    state.preset = given.get('period');
    Object.assign(state, presetRange(tickets, state.preset));
  }
  const day = (name) => {
    const text = given.get(name) || '';
    return /^\d{4}-\d{2}-\d{2}$/.test(text) ? tickets.dayOf(text) : NaN;
  };
  const [from, to] = [day('from'), day('to')];
  if (Number.isFinite(from) && Number.isFinite(to)) {
    state.preset = '';
    state.from = Math.min(Math.max(0, Math.min(from, to)), tickets.lastDay);
    state.to = Math.min(Math.max(0, Math.max(from, to)), tickets.lastDay);
  }
  for (const column of DIMENSIONS) {
    if (!given.has(column)) continue;
    const wanted = given.get(column).split(',').map(decoded);
    const codes = choosableCodes(tickets, column);
    const chosen = codes.filter((code) => wanted.includes(code ? tickets.names[column][code] : UNKNOWN));
    state.chosen[column] = chosen.length === codes.length ? null : new Set(chosen);
  }
  if (['day', 'week'].includes(given.get('unit'))) state.unit = given.get('unit');
  const topicsOf = tickets.names.category.indexOf(given.get('topics'));
  if (topicsOf > 0) state.topicsOf = topicsOf;
  state.query = (given.get('search') || '').slice(0, 200);
  state.withWaiting = given.get('waiting') !== 'no';
  return state;
}

function writeHash(tickets, state) {
  const parts = [];
  if (!state.preset) parts.push(`from=${tickets.isoDay(state.from)}`, `to=${tickets.isoDay(state.to)}`);
  else if (state.preset !== defaultPreset(tickets)) parts.push(`period=${state.preset}`);
  for (const column of DIMENSIONS) {
    if (!state.chosen[column]) continue;
    const names = [...state.chosen[column]].map((code) => (code ? tickets.names[column][code] : UNKNOWN));
    // Commas separate values, so those within one are escaped twice.
    parts.push(`${column}=${names.map((name) => encodeURIComponent(encodeURIComponent(name))).join(',')}`);
  }
  if (state.unit !== 'auto') parts.push(`unit=${state.unit}`);
  if (state.topicsOf) parts.push(`topics=${encodeURIComponent(tickets.names.category[state.topicsOf])}`);
  if (state.query) parts.push(`search=${encodeURIComponent(state.query)}`);
  if (!state.withWaiting) parts.push('waiting=no');
  return parts.length ? `#${parts.join('&')}` : '';
}
