// Figures of a set of tickets, under the names that the marts' columns have. Verdicts, durations and days are
// columns of the mart; here they are only counted, averaged and ranked, the way the warehouse does it.

// quantile_cont: linear interpolation between the two nearest ranks. sorted is ascending.
function percentile(sorted, share) {
  if (!sorted.length) return null;
  const rank = (sorted.length - 1) * share;
  const low = Math.floor(rank);
  const high = Math.ceil(rank);
  return sorted[low] + (sorted[high] - sorted[low]) * (rank - low);
}

const rate = (numerator, denominator) => (denominator ? numerator / denominator : null);

const Z_95 = 1.959963984540054;

function wilson(successes, n) {
  if (!n) return [null, null];
  const z = Z_95;
  const p = successes / n;
  const spread = z * Math.sqrt((p * (1 - p) + (z * z) / 4 / n) / n);
  const bound = (sign) => (p + (z * z) / 2 / n + sign * spread) / (1 + (z * z) / n);
  return [p === 0 ? p : bound(-1), p === 1 ? p : bound(1)];
}

const COUNT_OF_FLAG = {
  is_resolved: 'resolved_count',
  is_open: 'open_count',
  is_closed_without_solution: 'closed_without_solution_count',
  is_fcr_strict: 'fcr_strict_count',
  is_fcr_lenient: 'fcr_lenient_count',
  is_frt_sla_met_applicable: 'frt_sla_applicable_count',
  is_frt_sla_met: 'frt_sla_met_count',
  is_resolution_sla_met_applicable: 'resolution_sla_applicable_count',
  is_resolution_sla_met: 'resolution_sla_met_count',
};

class Group {
  constructor(flagNames) {
    this.tickets = 0;
    // How many tickets have each combination of flags: one addition a ticket.
    this.combinations = new Int32Array(1 << flagNames.length);
    this.frt = [];
    this.resolution = [];
    this.waiting = 0;
    this.tagged = 0;
    this.agreed = 0;
  }

  figures(flagNames) {
    const figures = { tickets_created: this.tickets };
    for (const flag of flagNames) figures[COUNT_OF_FLAG[flag]] = 0;
    this.combinations.forEach((tickets, combination) => {
      if (!tickets) return;
      flagNames.forEach((flag, bit) => { if ((combination >> bit) & 1) figures[COUNT_OF_FLAG[flag]] += tickets; });
    });
    for (const [name, list] of [['frt', this.frt], ['resolution', this.resolution]]) {
      let sum = 0;
      for (const minutes of list) sum += minutes;
      const sorted = Float64Array.from(list).sort();
      figures[`${name}_count`] = sorted.length;
      figures[`${name}_sum_minutes`] = sum;
      figures[`${name}_avg_minutes`] = rate(sum, sorted.length);
      figures[`${name}_median_minutes`] = percentile(sorted, 0.5);
      figures[`${name}_p95_minutes`] = percentile(sorted, 0.95);
      // For comparisons; not a figure, so not listed among them.
      Object.defineProperty(figures, `${name}_sorted`, { value: sorted });
    }
    figures.waiting_count = this.waiting;
    figures.resolution_rate = rate(figures.resolved_count, this.tickets);
    figures.closed_share = rate(figures.closed_without_solution_count, this.tickets);
    figures.fcr_strict_rate = rate(figures.fcr_strict_count, this.tickets);
    figures.fcr_lenient_rate = rate(figures.fcr_lenient_count, this.tickets);
    figures.frt_sla_met_rate = rate(figures.frt_sla_met_count, figures.frt_sla_applicable_count);
    figures.resolution_sla_met_rate =
      rate(figures.resolution_sla_met_count, figures.resolution_sla_applicable_count);
    figures.tagged_count = this.tagged;
    figures.agreed_count = this.agreed;
    figures.ai_tag_accuracy_rate = rate(this.agreed, this.tagged);
    return figures;
  }
}

// Figures of the tickets created on the days from..to, one object for each code of a column (one in all without).
function measureBy(tickets, mask, from, to, column) {
  const size = column ? tickets.names[column].length : 1;
  const codes = column ? tickets[column] : null;
  const flagNames = tickets.facts.flags;
  const groups = Array.from({ length: size }, () => new Group(flagNames));
  const [start, end] = tickets.rows(from, to);
  for (let row = start; row < end; row++) {
    if (!mask[row]) continue;
    const group = groups[codes ? codes[row] : 0];
    group.tickets++;
    group.combinations[tickets.flags[row]]++;
    if (tickets.frt[row] >= 0) group.frt.push(tickets.frt[row]);
    else if (tickets.flags[row] & tickets.bit.is_open) group.waiting++;
    if (tickets.resolution[row] >= 0) group.resolution.push(tickets.resolution[row]);
    const tag = tickets.tag[row];
    if (tag) {
      group.tagged++;
      if (tickets.names.tag[tag] === tickets.names.ai_category[tickets.ai_category[row]]) group.agreed++;
    }
  }
  return groups.map((group) => group.figures(flagNames));
}

const measure = (tickets, mask, from, to) => measureBy(tickets, mask, from, to, null)[0];

// Events a day on the days from..to: what came, what left, what stayed. A ticket leaves on its left_day.
function ledger(tickets, mask, from, to) {
  const days = Array.from({ length: to - from + 1 }, (_, i) => ({
    day: from + i, opening_count: 0, created_count: 0, resolved_count: 0, closed_count: 0, closing_count: 0,
  }));
  let before = 0;
  for (let row = 0; row < tickets.count; row++) {
    if (!mask[row]) continue;
    const created = tickets.day[row];
    const left = tickets.left_day[row];
    if (created < from) before++;
    else if (created <= to) days[created - from].created_count++;
    if (left === NOT_LEFT || left > to) continue;
    if (left < from) before--;
    else if (tickets.flags[row] & tickets.bit.is_resolved) days[left - from].resolved_count++;
    else days[left - from].closed_count++;
  }
  for (const day of days) {
    day.opening_count = before;
    before += day.created_count - day.resolved_count - day.closed_count;
    day.closing_count = before;
  }
  return days;
}

// One object a day: counts, averages, and their 7-day windows, which look back before `from`.
function dailyFigures(tickets, mask, from, to) {
  const days = [];
  for (let day = Math.max(from - LOOKBACK_DAYS, tickets.spineStart); day <= to; day++) {
    days.push({ day, ...dayTotals(tickets, mask, day) });
  }
  days.forEach((today, index) => {
    if (today.day < from) return;
    const week = days.slice(Math.max(0, index - LOOKBACK_DAYS), index + 1);
    const answered = week.filter((day) => day.frt_count);
    const total = (list, name) => list.reduce((sum, day) => sum + day[name], 0);
    today.tickets_created_7d_avg = total(week, 'tickets_created') / week.length;
    today.frt_avg_7d_minutes = rate(total(answered, 'frt_avg_minutes'), answered.length);
    today.frt_ticket_weighted_7d_minutes = rate(total(week, 'frt_sum_minutes'), total(week, 'frt_count'));
  });
  return days.filter(({ day }) => day >= from);
}

function dayTotals(tickets, mask, day) {
  const [start, end] = tickets.rows(day, day);
  const frt = [];
  let count = 0;
  let sum = 0;
  for (let row = start; row < end; row++) {
    if (!mask[row]) continue;
    count++;
    const minutes = tickets.frt[row];
    if (minutes >= 0) {
      frt.push(minutes);
      sum += minutes;
    }
  }
  return {
    tickets_created: count,
    frt_count: frt.length,
    frt_sum_minutes: sum,
    frt_avg_minutes: rate(sum, frt.length),
    frt_median_minutes: percentile(Float64Array.from(frt).sort(), 0.5),
  };
}

// Periods (days or weeks) that touch from..to, each with the days of it that lie within.
function periods(tickets, from, to, unit) {
  const list = [];
  for (let day = from; day <= to;) {
    const start = unit === 'week' ? tickets.weekOf(day) : day;
    const next = unit === 'week' ? start + 7 : day + 1;
    const last = Math.min(next - 1, to);
    list.push({ start, from: day, to: last, is_whole: day === start && last === next - 1 });
    day = last + 1;
  }
  return list;
}

// Tickets by period and value of a coded column: [{start, from, to, is_whole, counts: by code}].
function countsByPeriod(tickets, mask, from, to, unit, column) {
  return periods(tickets, from, to, unit).map((period) => {
    const counts = new Int32Array(tickets.names[column].length);
    const [start, end] = tickets.rows(period.from, period.to);
    for (let row = start; row < end; row++) if (mask[row]) counts[tickets[column][row]]++;
    return { ...period, counts };
  });
}

// Tickets of the topics in a category (code 0: in all), with the period before; most frequent first.
function topicCounts(tickets, mask, period, before, category) {
  const count = (range) => {
    const counts = new Map();
    if (!range) return counts;
    const [start, end] = tickets.rows(range.from, range.to);
    for (let row = start; row < end; row++) {
      if (!mask[row] || (category && tickets.category[row] !== category)) continue;
      counts.set(tickets.topic[row], (counts.get(tickets.topic[row]) || 0) + 1);
    }
    return counts;
  };
  const now = count(period);
  const earlier = count(before);
  const total = [...now.values()].reduce((sum, n) => sum + n, 0);
  return [...new Set([...now.keys(), ...earlier.keys()])]
    .map((code) => ({
      code,
      name: tickets.names.topic[code] || 'no topic',
      tickets_created: now.get(code) || 0,
      before: before ? earlier.get(code) || 0 : null,
      share: rate(now.get(code) || 0, total),
    }))
    .sort((a, b) => b.tickets_created - a.tickets_created || (a.name < b.name ? -1 : 1));
}

const AGE_BRACKETS = [
  ['age_under_1d_count', '< 1', 0, 24],
  ['age_1d_to_3d_count', '1–3', 24, 72],
  ['age_3d_to_7d_count', '3–7', 72, 168],
  ['age_7d_to_30d_count', '7–30', 168, 720],
  ['age_over_30d_count', '30 +', 720, Infinity],
];
const OPEN_STATUSES = ['pending', 'escalated'];

// Open tickets by status, and all of them, at as_of.
function backlogByStatus(tickets, mask) {
  const ages = Object.fromEntries([...OPEN_STATUSES, 'all'].map((status) => [status, []]));
  for (let row = 0; row < tickets.count; row++) {
    if (!mask[row] || !(tickets.flags[row] & tickets.bit.is_open)) continue;
    ages[tickets.names.status[tickets.status[row]]].push(tickets.ageHours[row]);
    ages.all.push(tickets.ageHours[row]);
  }
  return Object.entries(ages).map(([status, list]) => {
    const sorted = Float64Array.from(list).sort();
    const figures = {
      status,
      open_count: sorted.length,
      age_avg_hours: rate(sorted.reduce((sum, hours) => sum + hours, 0), sorted.length),
      age_median_hours: percentile(sorted, 0.5),
      age_p95_hours: percentile(sorted, 0.95),
      age_max_hours: sorted.length ? sorted[sorted.length - 1] : null,
    };
    for (const [column, , low, high] of AGE_BRACKETS) {
      figures[column] = sorted.filter((hours) => hours >= low && hours < high).length;
    }
    return figures;
  });
}

// AI category against tag, for the tickets of from..to that have a tag.
function confusion(tickets, mask, from, to) {
  const categories = tickets.facts.categories;
  const counts = new Map(categories.flatMap((tag) => categories.map((ai) => [`${tag}|${ai}`, 0])));
  const [start, end] = tickets.rows(from, to);
  for (let row = start; row < end; row++) {
    if (!mask[row] || !tickets.tag[row]) continue;
    const key = `${tickets.names.tag[tickets.tag[row]]}|${tickets.names.ai_category[tickets.ai_category[row]]}`;
    counts.set(key, (counts.get(key) || 0) + 1);
  }
  const at = (tag, ai) => counts.get(`${tag}|${ai}`);
  const sum = (list) => list.reduce((total, n) => total + n, 0);
  const cells = categories.flatMap((tag) => {
    const ofTag = sum(categories.map((ai) => at(tag, ai)));
    return categories.map((ai) => ({
      tag, ai_category: ai, tickets_count: at(tag, ai), tag_tickets_count: ofTag, tag_share: rate(at(tag, ai), ofTag),
    }));
  });
  const scores = categories.map((category) => {
    const agreed = at(category, category);
    const support = sum(categories.map((ai) => at(category, ai)));
    const predicted = sum(categories.map((tag) => at(tag, category)));
    return {
      category,
      precision: rate(agreed, predicted),
      recall: rate(agreed, support),
      f1: rate(2 * agreed, predicted + support),
      support_count: support,
      predicted_count: predicted,
    };
  });
  return { cells, scores };
}

function accuracyByWeek(tickets, mask, from, to) {
  return periods(tickets, from, to, 'week').map((week) => {
    const { tagged_count, agreed_count, ai_tag_accuracy_rate } = measure(tickets, mask, week.from, week.to);
    const [low, high] = wilson(agreed_count, tagged_count);
    return {
      ...week, tagged_count, agreed_count,
      accuracy_rate: ai_tag_accuracy_rate, accuracy_ci_low: low, accuracy_ci_high: high,
    };
  });
}

// Details (tickets that can be looked at) with the longest time to first response, slowest first.
// A ticket that still waits has its time so far; ties keep the order of creation.
// Where no ticket of the data has a response, nobody can say that one waits for it.
function rankDetails(tickets, withWaiting) {
  const ranked = [];
  if (tickets.lacks('first_responses')) return ranked;
  for (let detail = 0; detail < tickets.detailRow.length; detail++) {
    const row = tickets.detailRow[detail];
    const waits = tickets.frt[row] < 0 && (tickets.flags[row] & tickets.bit.is_open);
    if (tickets.frt[row] < 0 && !(withWaiting && waits)) continue;
    ranked.push({ detail, row, waits: Boolean(waits), minutes: waits ? tickets.ageHours[row] * 60 : tickets.frt[row] });
  }
  return ranked.sort((a, b) => b.minutes - a.minutes || a.row - b.row);
}

// Rates of cohorts that still change are compared with nothing.
const MATURITY_OF = {
  fcr_strict_rate: 'fcr_mature',
  fcr_lenient_rate: 'fcr_mature',
  frt_sla_met_rate: 'sla_mature',
  resolution_sla_met_rate: 'sla_mature',
};

// The days from..to against as many just before. Nothing is compared where those are not all there, or
// where the last day is not over.
function compare(tickets, mask, from, to) {
  const length = to - from + 1;
  const isComparable = from - length >= 0 && to < tickets.lastDay;
  const withBacklog = (start, end) => Object.assign(measure(tickets, mask, start, end), {
    backlog_closing_count: ledger(tickets, mask, end, end)[0].closing_count,
  });
  const now = withBacklog(from, to);
  const before = isComparable ? withBacklog(from - length, from - 1) : null;
  const isMature = (metric) => !MATURITY_OF[metric] || Boolean(tickets.facts.days[MATURITY_OF[metric]][to]);
  const change = {};
  for (const [metric, value] of Object.entries(now)) {
    const known = before && value !== null && before[metric] !== null && isMature(metric);
    change[metric] = known ? value - before[metric] : null;
  }
  return { now, before, change, isMature, range: before && { from: from - length, to: from - 1 } };
}
