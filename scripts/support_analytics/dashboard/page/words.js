// Numbers and comparisons in words.

const NOTHING = '–';
const MINUS = '−';
const KEEP = '\u00a0'; // Keeps a number and its unit on one line.

const wholeNumber = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const oneDecimal = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
// Half away from zero, as the report rounds: 2.15 is 2.2.
const rounded = (n, digits) => {
  const scale = 10 ** digits;
  return (Math.sign(n) * Math.round(Math.abs(n) * scale) / scale).toFixed(digits);
};
const count = (n) => (n === null || n === undefined ? NOTHING : wholeNumber.format(n));
const decimal = (n, digits) => (n === null || n === undefined ? NOTHING : rounded(n, digits));
const percent = (share, digits = 1) =>
  (share === null || share === undefined ? NOTHING : `${rounded(share * 100, digits)}%`);
const plural = (n, noun) => `${count(n)} ${noun}${n === 1 ? '' : 's'}`;

// 0.4 -> "24 s", 100 -> "100 min", 200 -> "3.3 h", 5000 -> "3.5 days": the units of the report.
function minutes(value) {
  if (value === null || value === undefined) return NOTHING;
  if (value === 0) return `0${KEEP}min`;
  if (value < 1) return `${Math.round(value * 60)}${KEEP}s`;
  if (value < 9.95) return `${rounded(value, 1)}${KEEP}min`;
  if (value < 120) return `${Math.round(value)}${KEEP}min`;
  if (value < 4320) return `${rounded(value / 60, 1)}${KEEP}h`;
  return `${oneDecimal.format(rounded(value / 1440, 1))}${KEEP}days`;
}
const hours = (value) => minutes(value === null || value === undefined ? null : value * 60);

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
function dayName(iso, withYear = true) {
  const [year, month, day] = iso.split('-').map(Number);
  return `${day} ${MONTHS[month - 1]}${withYear ? ` ${year}` : ''}`;
}
function weekdayName(iso) {
  return `${WEEKDAYS[new Date(`${iso}T00:00:00Z`).getUTCDay()]} ${dayName(iso)}`;
}
function rangeName(from, to) {
  if (from === to) return dayName(from);
  return `${dayName(from, from.slice(0, 4) !== to.slice(0, 4))} to ${dayName(to)}`;
}

// Values of the data as people write them: in_app -> in-app chat. The names come with the data.
const SPELLED = {};
const valueName = (value) => (value === null ? 'unknown' : SPELLED[value] || value.replaceAll('_', ' '));
// What a metric is called where its figure stands alone: with the data, too.
const TITLES = {};

const nothingFound = (figures) => (figures.isFiltered ? 'No tickets match these filters.' : 'No ticket came in during these days.');

// What the cards show. better: the direction in which a change is good, 0 where it is neither.
const CARDS = [
  { metric: 'tickets_created', format: count, kind: 'count', better: 0 },
  {
    metric: 'resolved_count', format: count, kind: 'count', better: 0, isState: true,
    share: ['resolution_rate', 'of those created'],
  },
  {
    metric: 'backlog_closing_count', format: count, kind: 'count', better: -1,
    note: 'at the end of the last day',
  },
  {
    metric: 'closed_without_solution_count', format: count, kind: 'count', better: 0, isState: true,
    share: ['closed_share', 'of those created'],
  },
  { metric: 'frt_median_minutes', format: minutes, kind: 'time', better: -1, of: 'frt' },
  { metric: 'frt_avg_minutes', format: minutes, kind: 'time', better: -1, of: 'frt', isAverage: true },
  {
    metric: 'frt_p95_minutes', format: minutes, kind: 'time', better: -1, of: 'frt',
    isPercentile: true, note: 'Of those answered, 1 in 20 waited longer',
  },
  {
    metric: 'resolution_median_minutes', format: minutes, kind: 'time', better: -1,
    of: 'resolution', isState: true,
  },
  {
    metric: 'fcr_strict_rate', format: percent, kind: 'rate', better: 1,
    counts: ['fcr_strict_count', 'tickets_created'], note: 'Time proxy: resolved within 60 min',
  },
  {
    metric: 'fcr_lenient_rate', format: percent, kind: 'rate', better: 1,
    counts: ['fcr_lenient_count', 'tickets_created'], note: 'Time proxy: resolved within 240 min',
  },
  {
    metric: 'frt_sla_met_rate', format: percent, kind: 'rate', better: 1,
    counts: ['frt_sla_met_count', 'frt_sla_applicable_count'],
  },
  {
    metric: 'resolution_sla_met_rate', format: percent, kind: 'rate', better: 1,
    counts: ['resolution_sla_met_count', 'resolution_sla_applicable_count'],
  },
];

// A change is called better or worse only when chance would seldom make it (95%); the backlog, which is no
// sample, when it is 5%.
const RELATIVE_LIMIT = 0.05;

function isNotable(card, now, before) {
  if (card.kind === 'count') {
    const change = Math.abs(now[card.metric] - before[card.metric]);
    return before[card.metric] ? change / before[card.metric] >= RELATIVE_LIMIT : change > 0;
  }
  return Math.abs(changeScore(card, now, before)) > Z_95;
}

// By how many standard errors the figure changed.
function changeScore(card, now, before) {
  if (card.kind === 'rate') return rateScore(now[card.metric], now[card.counts[1]], before[card.metric], before[card.counts[1]]);
  const [a, b] = [now[`${card.of}_sorted`], before[`${card.of}_sorted`]];
  if (card.isPercentile) {
    // How many more tickets than before take longer than the p95 did before.
    const above = (list) => list.filter((value) => value > before[card.metric]).length / list.length;
    return rateScore(above(a), a.length, above(b), b.length);
  }
  return card.isAverage ? meanScore(a, b) : shiftScore(a, b);
}

function rateScore(a, n, b, m) {
  const pooled = (a * n + b * m) / (n + m);
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m));
  return error ? (a - b) / error : 0;
}

function meanScore(a, b) {
  if (a.length < 2 || b.length < 2) return 0;
  const moments = (list) => {
    const mean = list.reduce((sum, v) => sum + v, 0) / list.length;
    return [mean, list.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (list.length - 1) / list.length];
  };
  const [[meanA, errorA], [meanB, errorB]] = [moments(a), moments(b)];
  const error = Math.sqrt(errorA + errorB);
  // Without any spread every difference is sure.
  return error ? (meanA - meanB) / error : Math.sign(meanA - meanB) * Infinity;
}

// {text, word, verdict: '' | 'better' | 'worse' | 'same'} of a card's change; null where nothing may be compared.
function changeOf(card, { now, before, change }, isSmall, fewest) {
  const difference = change[card.metric];
  if (difference === null || difference === undefined || isSmall) return null;
  // A part of a handful says nothing.
  if (card.kind === 'count' && Math.max(now[card.metric], before[card.metric]) < fewest) return { text: '', verdict: '', word: '' };
  const size = card.kind === 'rate'
    ? `${rounded(Math.abs(difference * 100), 1)} points`
    : before[card.metric] ? percent(Math.abs(difference / before[card.metric])) : card.format(Math.abs(difference));
  // The period before had more time to be resolved or closed.
  if (card.isState && now.open_count) return { text: 'so far', verdict: '', word: '' };
  const arrow = difference > 0 ? '▲' : difference < 0 ? '▼' : '=';
  let verdict = '';
  let word = '';
  if (difference === 0) word = 'unchanged';
  else if (card.better) {
    verdict = !isNotable(card, now, before) ? 'same' : Math.sign(difference) === card.better ? 'better' : 'worse';
    word = verdict === 'same' ? (card.kind === 'count' ? 'about the same' : 'within chance') : verdict;
  } else {
    word = difference > 0 ? 'more' : 'fewer';
  }
  return { text: difference === 0 ? arrow : `${arrow} ${size}`, verdict, word };
}

// Mann-Whitney: by how many standard errors values of `a` tend to be larger than those of `b` (both sorted).
function shiftScore(a, b) {
  const [n, m] = [a.length, b.length];
  if (!n || !m) return 0;
  let wins = 0;
  let below = 0;
  let upTo = 0;
  for (const value of a) {
    while (below < m && b[below] < value) below++;
    upTo = Math.max(upTo, below);
    while (upTo < m && b[upTo] <= value) upTo++;
    wins += below + (upTo - below) / 2;
  }
  return (wins - (n * m) / 2) / Math.sqrt((n * m * (n + m + 1)) / 12);
}

// The sentence at the top, in parts: texts, and figures as {figure, value, format}. It says which of volume,
// first response and quick resolution moved most against the period before, by standard errors, and the channel
// or category in which it moved most. What incidents brought is set aside: it is told as such.
function headline(figures) {
  const { now, before } = figures.compared;
  const fig = (key, value, format) => ({ figure: key, value, format });
  const level = [
    fig('kpi/tickets_created/now', now.tickets_created, (n) => plural(n, 'ticket')),
    ' came in',
    ...(now.frt_count ? [
      '; half of the answers came within ', fig('kpi/frt_median_minutes/now', now.frt_median_minutes, minutes),
    ] : []),
    '; ', fig('kpi/backlog_closing_count/now', now.backlog_closing_count, count),
    now.backlog_closing_count === 1 ? ' was open at the end.' : ' were open at the end.',
  ];
  if (!now.tickets_created) return [nothingFound(figures)];
  const incidents = incidentWords(figures);
  if (!before || !before.tickets_created) return [...level, ...incidents];

  if (Math.min(now.tickets_created, before.tickets_created) < figures.fewest) {
    return [...level, ` Too few tickets to compare with the ${figures.spanName} before.`, ...incidents];
  }

  const [top] = figures.movements.filter(({ score }) => Math.abs(score) > 2.58);
  const tail = [
    ' The backlog ',
    now.backlog_closing_count > before.backlog_closing_count ? 'grew from '
      : now.backlog_closing_count < before.backlog_closing_count ? 'shrank from ' : 'stayed at ',
    ...(now.backlog_closing_count === before.backlog_closing_count ? [] : [
      fig('kpi/backlog_closing_count/before', before.backlog_closing_count, count), ' to ']),
    fig('kpi/backlog_closing_count/now', now.backlog_closing_count, count), '.', ...oldWords(figures, fig),
  ];
  if (!top) {
    const ofIncidents = (when) => (figures.extras[when] < 1 ? []
      : [' (incidents brought about ', fig(`incident/extra/${when}`, figures.extras[when], count), ' of them)']);
    return [
      figures.isResponseJudged ? 'No clear change in volume or response times: ' : 'No clear change in volume: ', level[0], ' came in', ...ofIncidents('now'), ', after ',
      fig('kpi/tickets_created/before', before.tickets_created, count), ` in the ${figures.spanName} before`, ...ofIncidents('before'),
      ...level.slice(2, -3), '.', ...tail, ...incidents,
    ];
  }
  return [...MOVEMENT_WORDS[top.kind](top, fig), ...tail, ...incidents];
}

// Said where most of what is open has waited long.
function oldWords(figures, fig) {
  const open = figures.backlog.find((row) => row.status === 'all');
  if (open.age_over_30d_count * 2 < open.open_count || !open.open_count) return [];
  return [' Of the ', fig('backlog/all/open_count', open.open_count, count), ' open now, ',
    fig('ages/all/age_over_30d_count', open.age_over_30d_count, count),
    open.age_over_30d_count === 1 ? ' is older than 30 days.' : ' are older than 30 days.'];
}

// An incident explains most of what moves, also when it is the period before that held it.
function incidentWords(figures) {
  const about = (incident) => [incident.category, incident.topic].filter((value) => value !== null).map(valueName).join(': ') || 'several topics';
  const said = (incident) => `${rangeName(incident.start_day, incident.end_day)} (${about(incident)})`;
  const { now, before } = figures.incidents;
  const of = figures.isFiltered ? ', among all tickets' : '';
  return [
    now.length ? ` These days hold ${now.length === 1 ? 'an incident' : `${now.length} incidents`}${of}: ${now.map(said).join(', ')}.` : '',
    before.length ? ` The ${figures.spanName} before held ${before.length === 1 ? 'an incident' : `${before.length} incidents`}${of}: ${before.map(said).join(', ')}.` : '',
  ];
}

function whereWords(top, fig, format) {
  if (!top.where) return ['.'];
  const { column, name, now, before } = top.where;
  const key = (when) => `segment/${column}/${name === null ? 'unknown' : name}/${top.metric}/${when}`;
  return [', most of all ', column === 'channel' ? 'on ' : 'in ', valueName(name), ' (',
    fig(key('now'), now, format), ', was ', fig(key('before'), before, format), ').'];
}

const MOVEMENT_WORDS = {
  volume: (top, fig) => (top.isSetAside ? [
    'Without what incidents brought, ', top.score > 0 ? 'more' : 'fewer', ' tickets came in: about ',
    fig('ordinary/tickets_created/now', top.now, count), ', after ',
    fig('ordinary/tickets_created/before', top.before, count), ` in the ${top.spanName} before.`,
  ] : [
    top.score > 0 ? 'More tickets came in: ' : 'Fewer tickets came in: ',
    fig('kpi/tickets_created/now', top.now, count), ', after ',
    fig('kpi/tickets_created/before', top.before, count), ` in the ${top.spanName} before`,
    ...whereWords(top, fig, count),
  ]),
  response: (top, fig) => [
    top.score > 0 ? 'First responses got slower: half came within ' : 'First responses got faster: half came within ',
    fig('kpi/frt_median_minutes/now', top.now, minutes), ', after ',
    fig('kpi/frt_median_minutes/before', top.before, minutes), ` in the ${top.spanName} before`,
    ...whereWords(top, fig, minutes),
  ],
  quick: (top, fig) => [
    `A ${top.score > 0 ? 'larger' : 'smaller'} share of tickets was resolved within four hours (FCR lenient, a time proxy): `,
    fig('kpi/fcr_lenient_rate/now', top.now, percent), ', after ',
    fig('kpi/fcr_lenient_rate/before', top.before, percent), ` in the ${top.spanName} before`,
    ...whereWords(top, fig, percent),
  ],
};

// Whether both periods have enough first responses to be compared.
function responsesSuffice(tickets, { now, before }) {
  return Boolean(before) && Math.min(now.frt_count, before.frt_count) >= tickets.fewest;
}

// What moved, largest first, by standard errors. A channel or category with few answers is not named.
// Nor is one that holds all tickets.
function movements(tickets, mask, range, compared, extras, spanName) {
  const { now, before, isMature, range: beforeRange } = compared;
  if (!beforeRange) return [];
  const segments = () => ['channel', 'category'].flatMap((column) => {
    const a = measureBy(tickets, mask, range.from, range.to, column);
    const b = measureBy(tickets, mask, beforeRange.from, beforeRange.to, column);
    const filled = a.map((figures, code) => ({ column, name: tickets.names[column][code], now: figures, before: b[code] }))
      .filter((segment) => segment.now.tickets_created || segment.before.tickets_created);
    return filled.length > 1 ? filled : [];
  });
  const where = (metric, score) => {
    const scored = segments()
      .map((segment) => ({ ...segment, score: score(segment.now, segment.before) }))
      .filter((segment) => Number.isFinite(segment.score) && segment.now[metric] !== null && segment.before[metric] !== null)
      .sort((x, y) => y.score - x.score);
    const [first] = scored;
    return first && first.score > 0
      ? { column: first.column, name: first.name, now: first.now[metric], before: first.before[metric] } : null;
  };
  const countScore = (a, b) => (a - b) / Math.sqrt(a + b || 1);
  const volumeScore = (a, b) => countScore(a.tickets_created, b.tickets_created);
  const quickScore = (a, b) => (a.tickets_created && b.tickets_created
    ? rateScore(a.fcr_lenient_rate, a.tickets_created, b.fcr_lenient_rate, b.tickets_created) : 0);
  const responseScore = (a, b) => shiftScore(a.frt_sorted, b.frt_sorted);

  const list = [{ kind: 'volume', metric: 'tickets_created', score: 0 }];
  if (responsesSuffice(tickets, compared)) list.push({ kind: 'response', metric: 'frt_median_minutes', score: responseScore(now, before) });
  if (isMature('fcr_lenient_rate')) list.push({ kind: 'quick', metric: 'fcr_lenient_rate', score: quickScore(now, before) });
  for (const movement of list) {
    movement.now = now[movement.metric];
    movement.before = before[movement.metric];
    movement.spanName = spanName;
  }
  const [volume] = list;
  volume.isSetAside = extras.now + extras.before >= 1;
  volume.now -= extras.now;
  volume.before -= extras.before;
  volume.score = countScore(volume.now, volume.before);
  // A median that moved against the shift of its distribution would make the sentence contradict itself.
  const sorted = list
    .filter(({ score, now: a, before: b }) => Math.sign(a - b) === Math.sign(score))
    .sort((x, y) => Math.abs(y.score) - Math.abs(x.score));
  const [top] = sorted;
  if (top && !top.isSetAside) {
    top.where = where(top.metric, (a, b) => Math.sign(top.score) * ({
      volume: () => volumeScore(a, b),
      quick: () => quickScore(a, b),
      response: () => (Math.min(a.frt_count, b.frt_count) >= tickets.fewest ? responseScore(a, b) : NaN),
    })[top.kind]());
  }
  return sorted;
}
