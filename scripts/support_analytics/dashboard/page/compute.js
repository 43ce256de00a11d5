// Every figure of the page for what the reader chose.

const WEEKS_FROM_DAYS = 62;

function spanName(days) {
  if (days === 1) return 'day';
  return `${days} days`;
}

// Incidents that touch the days from..to, cut to them. A letter stays with its incident.
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
function incidentsWithin(tickets, from, to) {
  return tickets.facts.incidents
    .map((incident, index) => {
      const start = tickets.dayOf(incident.start_day);
      const within = { from: Math.max(from, start), to: Math.min(to, tickets.dayOf(incident.end_day)) };
      const extra = incident.extra_by_day.slice(within.from - start, within.to - start + 1).reduce((sum, n) => sum + n, 0);
      return { ...incident, ...within, extra, letter: LETTERS[index % LETTERS.length] };
    })
    .filter((incident) => incident.from <= incident.to);
}

function computeFigures(tickets, state) {
  const { from, to } = state;
  const mask = tickets.mask(state.chosen);
  const compared = compare(tickets, mask, from, to);
  const unit = state.unit === 'auto' ? (to - from + 1 > WEEKS_FROM_DAYS ? 'week' : 'day') : state.unit;
  const span = spanName(to - from + 1);
  const isFiltered = mask !== tickets.all;
  const incidents = {
    now: incidentsWithin(tickets, from, to),
    before: compared.range ? incidentsWithin(tickets, compared.range.from, compared.range.to) : [],
  };
  // Of all tickets; how many of them a filter lets through is not known.
  const extra = (list) => (isFiltered ? 0 : list.reduce((sum, incident) => sum + incident.extra, 0));
  const extras = { now: extra(incidents.now), before: extra(incidents.before) };
  const byChannel = measureBy(tickets, mask, from, to, 'channel');
  return {
    mask,
    from,
    to,
    unit,
    compared,
    spanName: span,
    isFiltered,
    fewest: tickets.fewest,
    incidents,
    extras,
    movements: movements(tickets, mask, state, compared, extras, span),
    isResponseJudged: responsesSuffice(tickets, compared),
    days: dailyFigures(tickets, mask, from, to).map((day) => ({
      ...day,
      isPartial: day.day === tickets.lastDay,
      isMature: Boolean(tickets.facts.days.sla_mature[day.day]),
    })),
    categories: countsByPeriod(tickets, mask, from, to, unit, 'category'),
    topicsOf: state.topicsOf,
    topics: topicCounts(tickets, mask, { from, to }, compared.range, state.topicsOf),
    channels: tickets.names.channel.slice(1)
      .map((name, index) => ({ name, ...byChannel[index + 1] }))
      .filter((_, index) => !state.chosen.channel || state.chosen.channel.has(index + 1)),
    backlog: backlogByStatus(tickets, mask),
    ledger: ledger(tickets, mask, from, to),
    accuracy: accuracyByWeek(tickets, mask, from, to),
    confusion: confusion(tickets, mask, from, to),
  };
}

// Outliers within from..to whose words are all in the ticket's id, text or labels.
function findOutliers(tickets, mask, state, ranked) {
  const words = state.query.toLowerCase().split(/\s+/).filter(Boolean);
  return ranked.filter(({ detail, row }) => {
    const day = tickets.day[row];
    if (!mask[row] || day < state.from || day > state.to) return false;
    if (!words.length) return true;
    const text = searchText(tickets, detail, row);
    return words.every((word) => text.includes(word));
  });
}

const searchTexts = new Map();
function searchText(tickets, detail, row) {
  if (!searchTexts.has(detail)) {
    const { ids, texts } = tickets.facts.details;
    const labels = ['channel', 'category', 'topic', 'status'].map((name) => tickets.names[name][tickets[name][row]] || '');
    searchTexts.set(detail, [ids[detail], ...labels, ...labels.map(valueName), texts[detail] || ''].join(' ').toLowerCase());
  }
  return searchTexts.get(detail);
}
