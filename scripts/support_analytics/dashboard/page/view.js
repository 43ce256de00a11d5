// Figures into the document. Text only ever enters as text: nothing here parses HTML.

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ''));
  return element;
}
const byId = (id) => document.getElementById(id);

// A figure on the page: what is shown, and unrounded what is meant.
function figure(key, value, text) {
  return make('data', { 'data-figure': key, value: value === null || value === undefined ? '' : String(value) }, text);
}

function showHeadline(figures) {
  byId('headline').replaceChildren(...headline(figures).map((part) =>
    (typeof part === 'string' ? part : figure(part.figure, part.value, part.format(part.value)))));
}

function showPeriod(tickets, figures) {
  const { range } = figures.compared;
  const days = figures.to - figures.from + 1;
  const name = rangeName(tickets.isoDay(figures.from), tickets.isoDay(figures.to));
  let against;
  if (range) against = `compared with ${rangeName(tickets.isoDay(range.from), tickets.isoDay(range.to))}`;
  else if (figures.from < days) against = 'not compared: this page has no full period before';
  else against = 'not compared: its last day is not over';
  byId('period').textContent = `Tickets created ${name} (${plural(days, 'day')}), ${against}.`;
}

const NO_RESPONSES = 'The data has no first response times';
const NO_TEXTS = 'The data has no message texts';

function showCards(tickets, figures) {
  const { compared } = figures;
  const { now, before } = compared;
  const { fewest } = figures;
  byId('cards').replaceChildren(...CARDS.map((card) => {
    const answered = card.of && `${card.of}_count`;
    const base = answered || (card.counts && card.counts[1]);
    // Without a single response every target looks missed; the data lacks them, support need not.
    const isUnknown = card.metric.startsWith('frt_') && tickets.lacks('first_responses');
    if (isUnknown) {
      return make('li', { class: 'kpi' }, make('h3', {}, TITLES[card.metric]),
        make('p', { class: 'value' }, NOTHING), make('p', {}, NO_RESPONSES));
    }
    const isSmall = Boolean(base && now[base] < fewest);
    const wasSmall = Boolean(base && before && before[base] < fewest);
    const value = isSmall && card.isPercentile ? null : now[card.metric];
    const change = changeOf(card, compared, isSmall || wasSmall, fewest);
    const key = `kpi/${card.metric}`;
    const lines = [];
    if (change) {
      lines.push(make('p', { class: 'change' }, change.text ? `${change.text} ` : '',
        ...(change.word ? [make('b', { class: `verdict ${change.verdict}` }, change.word)] : []), change.word ? ', was ' : '(was ',
        figure(`${key}/before`, before[card.metric], card.format(before[card.metric])), change.word ? '' : ')'));
    } else if (before && !compared.isMature(card.metric)) {
      lines.push(make('p', { class: 'change' }, 'Not compared: the last days are not finished'));
    } else if (before && (isSmall || wasSmall)) {
      lines.push(make('p', { class: 'change' }, 
        card.isPercentile && isSmall ? `No p95 of fewer than ${fewest} tickets`
          : isSmall ? `Not compared: fewer than ${fewest} tickets` : `Not compared: fewer than ${fewest} tickets in the period before`));
    }
    if (card.share) {
      const [share, words] = card.share;
      lines.push(make('p', {}, figure(`kpi/${share}/now`, now[share], percent(now[share])), fewMark(now.tickets_created, fewest), ` ${words}`,
        ...(before ? [', was ', figure(`kpi/${share}/before`, before[share], percent(before[share]))] : [])));
    }
    if (card.counts) {
      const [met, of] = card.counts;
      lines.push(make('p', {}, figure(`kpi/${met}/now`, now[met], count(now[met])), ' of ',
        figure(`kpi/${of}/now`, now[of], count(now[of])), of.endsWith('applicable_count') ? ' with a verdict' : ' created'));
    }
    if (card.of) {
      lines.push(make('p', {}, figure(`kpi/${answered}/now`, now[answered], count(now[answered])),
        card.of === 'frt' ? ' answered of ' : ' resolved of ',
        figure('kpi/tickets_created/now', now.tickets_created, count(now.tickets_created)),
        ...(card.of === 'frt' ? [', ', figure('kpi/waiting_count/now', now.waiting_count, count(now.waiting_count)), ' still waiting'] : [])));
    }
    if (card.note && value !== null) lines.push(make('p', {}, card.note));
    return make('li', { class: 'kpi' }, make('h3', {}, TITLES[card.metric]),
      make('p', { class: 'value' }, figure(`${key}/now`, value, card.format(value)), base && value !== null ? fewMark(now[base], fewest) : ''), ...lines);
  }));
}

// Beside a rate, average or median of few tickets; the foot of the page says what it means.
function fewMark(n, fewest) {
  return n && n < fewest ? make('span', { class: 'few', title: `of fewer than ${fewest} tickets` }, '*') : '';
}

// columns: [{key, title, format or ofRow, isText, of}]; format takes the value, ofRow the row too; of: the column that has the number of tickets behind it.
// rows: [{key, ...values}]. A cell's figure is `<name>/<row key>/<column key>`.
function table(name, caption, columns, rows, fewest = 0) {
  const cell = (row, column, index) => {
    const value = row[column.key];
    const text = column.ofRow ? column.ofRow(value, row) : column.format ? column.format(value) : value;
    if (index === 0) return make('th', { scope: 'row' }, text);
    if (column.isText) return make('td', { class: 'text' }, text);
    return make('td', {}, figure(`${name}/${row.key}/${column.key}`, value, text), column.of ? fewMark(row[column.of], fewest) : '');
  };
  return make('table', {}, make('caption', { class: 'vh' }, caption),
    make('thead', {}, make('tr', {}, ...columns.map((column, index) =>
      make('th', { scope: 'col', class: index && !column.isText ? null : 'text' }, column.title)))),
    make('tbody', {}, ...rows.map((row) => make('tr', {}, ...columns.map((column, index) => cell(row, column, index))))));
}

// What stands behind each chart, as columns and rows.
function chartTables(tickets, figures) {
  const day = { key: 'name', title: 'Day' };
  const days = figures.days.map((row) => ({
    ...row, key: tickets.isoDay(row.day),
    name: weekdayName(tickets.isoDay(row.day)) + (row.isPartial ? ' (not over)' : row.isMature ? '' : ' (not finished)'),
  }));
  const p95 = (value, row) => (row.frt_count < figures.fewest ? NOTHING : minutes(value));
  const unitName = figures.unit === 'week' ? 'Week' : 'Day';
  return {
    tickets: [[day, { key: 'tickets_created', title: 'Tickets', format: count },
      { key: 'tickets_created_7d_avg', title: '7-day average', format: (v) => decimal(v, 1) }], days],
    frt: [[day, { key: 'frt_count', title: 'Answered', format: count },
      { key: 'frt_avg_minutes', title: 'Average', format: minutes, of: 'frt_count' },
      { key: 'frt_median_minutes', title: 'Median', format: minutes, of: 'frt_count' },
      { key: 'frt_avg_7d_minutes', title: '7-day average of the days', format: minutes },
      { key: 'frt_ticket_weighted_7d_minutes', title: '7-day average of the tickets', format: minutes }], days],
    categories: [[{ key: 'name', title: unitName },
      ...categoryOrder(tickets).map((code) => ({ key: tickets.names.category[code], title: valueName(tickets.names.category[code]), format: count })),
      { key: 'all', title: 'All', format: count }],
    figures.categories.map((period) => ({
      key: tickets.isoDay(period.start), name: periodName(tickets, period, figures.unit),
      ...Object.fromEntries(tickets.names.category.map((name, code) => [name, period.counts[code]])),
      all: period.counts.reduce((sum, n) => sum + n, 0),
    }))],
    topics: [[{ key: 'label', title: 'Topic' }, { key: 'tickets_created', title: 'Tickets', format: count },
      { key: 'share', title: 'Share', format: percent }, { key: 'before', title: 'Period before', format: count }],
    figures.topics.map((topic) => ({ ...topic, key: topic.name, label: valueName(topic.name) }))],
    channel_frt: [[{ key: 'label', title: 'Channel' }, { key: 'frt_count', title: 'Answered', format: count },
      { key: 'frt_median_minutes', title: 'Median', format: minutes, of: 'frt_count' },
      { key: 'frt_p95_minutes', title: 'p95', ofRow: p95 },
      { key: 'frt_sla_met_rate', title: 'SLA met', format: tickets.lacks('first_responses') ? () => NOTHING : percent, of: 'frt_sla_applicable_count' },
      { key: 'frt_sla_applicable_count', title: 'of', format: count }],
    figures.channels.map((channel) => ({ ...channel, key: channel.name, label: valueName(channel.name) }))],
    channel_resolution: [[{ key: 'label', title: 'Channel' }, { key: 'tickets_created', title: 'Created', format: count },
      { key: 'resolved_count', title: 'Resolved', format: count },
      { key: 'resolution_rate', title: 'Rate', format: percent, of: 'tickets_created' },
      { key: 'resolution_median_minutes', title: 'Median time', format: minutes, of: 'resolution_count' },
      { key: 'resolution_sla_met_rate', title: 'SLA met', format: percent, of: 'resolution_sla_applicable_count' },
      { key: 'resolution_sla_applicable_count', title: 'of', format: count }],
    figures.channels.map((channel) => ({ ...channel, key: channel.name, label: valueName(channel.name) }))],
    ages: [[{ key: 'label', title: 'Status' },
      ...AGE_BRACKETS.map(([key, title]) => ({ key, title: `${title} days`, format: count })), { key: 'open_count', title: 'Open', format: count }],
    figures.backlog.map((row) => ({ ...row, key: row.status, label: row.status === 'all' ? 'all open' : row.status }))],
    ledger: [[day, { key: 'opening_count', title: 'Open before', format: count },
      { key: 'created_count', title: 'Created', format: count }, { key: 'resolved_count', title: 'Resolved', format: count },
      { key: 'closed_count', title: 'Closed without solution', format: count },
      { key: 'closing_count', title: 'Open after', format: count }],
    figures.ledger.map((row) => ({ ...row, key: tickets.isoDay(row.day), name: weekdayName(tickets.isoDay(row.day)) }))],
    accuracy: [[{ key: 'name', title: 'Week' }, { key: 'tagged_count', title: 'Tagged', format: count },
      { key: 'agreed_count', title: 'Agreed', format: count }, { key: 'accuracy_rate', title: 'Accuracy', format: percent, of: 'tagged_count' },
      { key: 'accuracy_ci_low', title: '95% from', format: percent }, { key: 'accuracy_ci_high', title: 'to', format: percent }],
    figures.accuracy.map((week) => ({ ...week, key: tickets.isoDay(week.start), name: periodName(tickets, week, 'week') }))],
    confusion: [[{ key: 'label', title: "Agent's tag, AI category" }, { key: 'tickets_count', title: 'Tickets', format: count },
      { key: 'tag_tickets_count', title: 'with this tag', format: count }, { key: 'tag_share', title: 'Share', format: percent, of: 'tag_tickets_count' }],
    figures.confusion.cells.map((cell) => ({ ...cell, key: `${cell.tag}|${cell.ai_category}`, label: `${valueName(cell.tag)}, ${valueName(cell.ai_category)}` }))],
  };
}

// Tables are built when one is opened: a page of closed ones stays quick.
function showTables(tickets, figures) {
  const all = [...document.querySelectorAll('details[data-table]')];
  const tables = all.some((details) => details.open) ? chartTables(tickets, figures) : {};
  for (const details of all) {
    const name = details.dataset.table;
    const place = details.querySelector('.scroll');
    if (details.open) place.replaceChildren(table(name, details.dataset.caption, ...tables[name], figures.fewest));
    else place.replaceChildren();
  }
}

function showBacklogTable(figures) {
  const p95 = (value, row) => (row.open_count < figures.fewest ? NOTHING : hours(value));
  byId('backlog-table').replaceChildren(table('backlog', 'Open tickets by status', [
    { key: 'label', title: 'Status' }, { key: 'open_count', title: 'Open', format: count },
    { key: 'age_avg_hours', title: 'Average age', format: hours, of: 'open_count' },
    { key: 'age_median_hours', title: 'Median', format: hours, of: 'open_count' },
    { key: 'age_p95_hours', title: 'p95', ofRow: p95 },
    { key: 'age_max_hours', title: 'Oldest', format: hours },
  ], figures.backlog.map((row) => ({ ...row, key: row.status, label: row.status === 'all' ? 'all open' : row.status })), figures.fewest));
}

function showScores(tickets, figures) {
  if (tickets.lacks('texts')) {
    byId('scores-table').replaceChildren(make('p', { class: 'quiet' }, `${NO_TEXTS}.`));
    return;
  }
  byId('scores-table').replaceChildren(table('scores', 'Precision, recall and F1 of each category', [
    { key: 'label', title: 'Category' }, { key: 'predicted_count', title: 'Given by AI', format: count },
    { key: 'precision', title: 'Precision', format: percent, of: 'predicted_count' },
    { key: 'support_count', title: 'Tagged', format: count }, { key: 'recall', title: 'Recall', format: percent, of: 'support_count' },
    { key: 'f1', title: 'F1', format: (value) => decimal(value, 3), of: 'support_count' },
  ], figures.confusion.scores.map((row) => ({ ...row, key: row.category, label: valueName(row.category) })), figures.fewest));
}

function showAgreement(tickets, figures) {
  const { now } = figures.compared;
  if (tickets.lacks('texts')) {
    byId('agreement').textContent = `${NO_TEXTS}: every AI category is a default, and how good it is cannot be told.`;
    return;
  }
  if (!now.tagged_count) {
    byId('agreement').textContent = now.tickets_created
      ? 'None of these tickets has a tag, so there is nothing to hold the AI category against.' : nothingFound(figures);
    return;
  }
  const [low, high] = wilson(now.agreed_count, now.tagged_count);
  const [worst] = figures.confusion.cells.filter((cell) => cell.tag !== cell.ai_category)
    .sort((a, b) => b.tickets_count - a.tickets_count);
  byId('agreement').replaceChildren(
    'The AI category agrees with the agent’s tag on ',
    figure('kpi/ai_tag_accuracy_rate/now', now.ai_tag_accuracy_rate, percent(now.ai_tag_accuracy_rate)),
    ` (95% interval ${percent(low)} to ${percent(high)}) of the `,
    figure('kpi/tagged_count/now', now.tagged_count, count(now.tagged_count)),
    now.tagged_count === 1 ? ' ticket that has one.' : ' tickets that have one.',
    worst && worst.tickets_count
      ? ` Most frequent mix-up: ${valueName(worst.tag)} read as ${valueName(worst.ai_category)} (${count(worst.tickets_count)}).` : '');
}

// The warehouse's own checks: of all rows, whatever is filtered.
function showDataQuality(tickets) {
  const { data_quality: checks, rejected } = tickets.facts;
  const failing = checks.filter(([, , , , , isPassing]) => !isPassing).length;
  const rows = checks.map(([name, checked, failed, failedRate, threshold, isPassing]) => ({
    key: name, name: valueName(name), checked, failed, failedRate, threshold, verdict: isPassing ? 'passes' : 'fails',
  }));
  byId('quality-summary').textContent = `${plural(rejected.tickets, 'ticket row')} and ${plural(rejected.users, 'user row')} were rejected and are in no figure. ${
    failing ? `${plural(failing, 'check')} of ${checks.length} ${failing === 1 ? 'fails its' : 'fail their'} threshold.` : `All ${checks.length} checks are within their thresholds.`}`;
  byId('quality-table').replaceChildren(table('quality', 'Data quality checks', [
    { key: 'name', title: 'Check' }, { key: 'checked', title: 'Rows', format: count }, { key: 'failed', title: 'Failed', format: count },
    { key: 'failedRate', title: 'Rate', format: (v) => percent(v, 2) }, { key: 'threshold', title: 'Allowed', format: (v) => percent(v, 2) },
    { key: 'verdict', title: 'Verdict', isText: true, format: (v) => make('span', { class: `verdict ${v === 'passes' ? 'better' : 'worse'}` }, v) },
  ], rows));
  byId('rejected-table').replaceChildren(table('rejected', 'Rejected ticket rows', [
    { key: 'line', title: 'Line', format: (v) => (v === null ? NOTHING : String(v)) },
    { key: 'reasons', title: 'Reasons', isText: true, format: (v) => v.split('|').map(valueName).join(', ') },
    { key: 'ticket', title: 'Ticket', isText: true }, { key: 'status', title: 'Status', isText: true },
    { key: 'channel', title: 'Channel', isText: true }, { key: 'created', title: 'Created', isText: true },
  ], rejected.rows.map(([line, reasons, ticket, status, channel, created], index) =>
    ({ key: index, line, reasons, ticket, status, channel, created }))));
  const shown = rejected.rows.length;
  byId('rejected-note').textContent = !rejected.tickets ? 'No ticket row was rejected.'
    : shown < rejected.tickets ? `The first ${count(shown)} of ${plural(rejected.tickets, 'ticket row')}, by line of the input.`
      : `${plural(shown, 'ticket row')}, by line of the input.`;
}

// The style sheet leaves out the rows after these on paper.
const OUTLIERS_PRINTED = 15;

function showOutliers(tickets, figures, state, ranked, limit) {
  const { ids, texts, with_text: withText, thinned } = tickets.facts.details;
  const found = findOutliers(tickets, figures.mask, state, ranked);
  const shown = found.slice(0, limit);
  const name = (column, row) => valueName(tickets.names[column][tickets[column][row]]);
  const rows = shown.map(({ detail, row, waits, minutes: waited }) => {
    // On a phone the rows are laid out as blocks, which would take a table's roles from them.
    const cells = [
      make('td', { class: 'number', role: 'cell' }, waits ? 'waiting ' : '', figure(`outlier/${ids[detail]}/minutes`, waited, minutes(waited))),
      make('th', { scope: 'row', role: 'rowheader' }, ids[detail]),
      make('td', { role: 'cell' }, new Date((tickets.detailCreated[detail] + 946684800) * 1000).toISOString().slice(0, 16).replace('T', ' ')),
      ...['channel', 'category', 'status'].map((column) => make('td', { role: 'cell' }, name(column, row))),
    ];
    if (withText) cells.push(make('td', { class: 'message', role: 'cell' }, make('bdi', {}, texts[detail] || NOTHING)));
    return make('tr', { role: 'row' }, ...cells);
  });
  byId('outlier-rows').replaceChildren(...rows);
  byId('outlier-message').hidden = !withText;
  byId('outlier-table').hidden = !rows.length;
  byId('outlier-empty').hidden = rows.length > 0;
  byId('outlier-empty').textContent = tickets.lacks('first_responses') ? `${NO_RESPONSES}.` : 'No ticket matches the filters and the search.';
  byId('outlier-count').textContent = `${count(shown.length)} of ${plural(found.length, 'ticket')} shown`
    + (thinned ? '; of each day, channel and category only the slowest are on this page' : '');
  byId('outlier-more').hidden = found.length <= shown.length;
  byId('outlier-printed').textContent = rows.length > OUTLIERS_PRINTED ? `The first ${OUTLIERS_PRINTED} of ${plural(found.length, 'ticket')}.` : `${plural(found.length, 'ticket')}.`;
}

const EMPTY = {
  frt: 'None of these tickets has a first response.',
  topics: 'None of these tickets is of this category.',
  channel_frt: 'None of these tickets has a first response.',
  ages: 'None of these tickets is open.',
  accuracy: 'None of these tickets has a tag.',
  confusion: 'None of these tickets has a tag.',
};
const OF_RESPONSES = ['frt', 'channel_frt'];
const OF_TEXTS = ['topics', 'accuracy', 'confusion'];
function emptyWords(tickets, figures, chart) {
  if (OF_RESPONSES.includes(chart) && tickets.lacks('first_responses')) return `${NO_RESPONSES}.`;
  if (OF_TEXTS.includes(chart) && tickets.lacks('texts')) return `${NO_TEXTS}.`;
  return (figures.compared.now.tickets_created && EMPTY[chart]) || nothingFound(figures);
}

function emptyCharts(tickets, figures) {
  const { now } = figures.compared;
  const open = figures.backlog.find((row) => row.status === 'all').open_count;
  const moves = figures.ledger.some((day) => day.opening_count || day.created_count || day.closing_count);
  return {
    tickets: !now.tickets_created, frt: !now.frt_count && figures.days.every((day) => day.frt_avg_7d_minutes === null),
    categories: !now.tickets_created, topics: !figures.topics.length,
    channel_frt: !now.frt_count, channel_resolution: !now.tickets_created, ages: !open, ledger: !moves, flow: !moves,
    accuracy: !now.tagged_count, confusion: !now.tagged_count,
    ...(tickets.lacks('texts') && Object.fromEntries(OF_TEXTS.map((chart) => [chart, true]))),
  };
}

// One sentence for a screen reader in place of the picture.
function chartLabels(tickets, figures) {
  const { now } = figures.compared;
  const range = rangeName(tickets.isoDay(figures.from), tickets.isoDay(figures.to));
  const peak = [...figures.days].sort((a, b) => b.tickets_created - a.tickets_created)[0];
  const open = figures.backlog.find((row) => row.status === 'all');
  const channels = (text) => figures.channels.map((c) => `${valueName(c.name)} ${text(c)}`).join(', ');
  return {
    tickets: `Bars: tickets created a day, ${range}. ${plural(now.tickets_created, 'ticket')}; most, ${count(peak.tickets_created)}, on ${dayName(tickets.isoDay(peak.day))}.`,
    frt: `Lines: time to first response a day, ${range}. Average ${minutes(now.frt_avg_minutes)}, median ${minutes(now.frt_median_minutes)}.`,
    categories: `Stacked bars: tickets by category a ${figures.unit}, ${range}.`,
    topics: `Bars: tickets by topic. ${figures.topics.slice(0, 3).map((t) => `${valueName(t.name)} ${count(t.tickets_created)}`).join(', ')}.`,
    channel_frt: `Median and p95 time to first response. Medians: ${channels((c) => minutes(c.frt_median_minutes))}.`,
    channel_resolution: `Bars: share of tickets resolved. ${channels((c) => percent(c.resolution_rate))}.`,
    ages: `Stacked bars: ${plural(open.open_count, 'open ticket')} by age. ${AGE_BRACKETS.map(([key, title]) => `${title} days ${count(open[key])}`).join(', ')}.`,
    ledger: `Line: open tickets at the end of each day, ${range}. From ${count(figures.ledger[0].opening_count)} to ${count(figures.ledger.at(-1).closing_count)}.`,
    flow: `Bars: tickets created above, resolved and closed below, for each day, ${range}.`,
    accuracy: `Points with 95% intervals: share of tags that the AI category agrees with, by week. In all ${percent(now.ai_tag_accuracy_rate)}.`,
    confusion: 'Matrix: agent’s tag in rows, AI category in columns; the diagonal is agreement.',
  };
}

function showNotes(tickets, figures) {
  const incidents = figures.incidents.now;
  byId('incidents').replaceChildren(...incidents.map((incident) =>
    make('li', {}, make('b', {}, `${incident.letter} `), `${incidentText(incident)}.`)));
  byId('incidents-note').hidden = !incidents.length;
  byId('incidents-of').textContent = figures.isFiltered ? ' They are of all tickets, not of the chosen ones.' : '';
  const unfinished = figures.days.filter((day) => !day.isMature).length;
  byId('channel_resolution-note').textContent = unfinished && figures.compared.now.open_count
    ? `${unfinished === 1 ? 'The last day is' : `The last ${plural(unfinished, 'day')} are`} not finished: more may be resolved.` : '';
  const topicsLeft = figures.topics.length > TOPICS_DRAWN ? `The ${TOPICS_DRAWN} most frequent of ${figures.topics.length}; the table has all. ` : '';
  byId('topics-note').textContent = topicsLeft + (figures.compared.range ? `A tick marks the ${figures.spanName} before.` : '');
}

function showCategoryKey(tickets, figures) {
  const all = figures.compared.now.tickets_created;
  byId('category-key').replaceChildren(...categoryOrder(tickets).map((code) => {
    const share = rate(figures.categories.reduce((sum, { counts }) => sum + counts[code], 0), all);
    const swatch = make('span', { class: 'swatch', 'data-colour': categoryColour(tickets, code).slice(6, -1) });
    return make('li', {}, swatch, `${valueName(tickets.names.category[code])} `,
      figure(`category/${tickets.names.category[code]}/share`, share, percent(share, 0)));
  }));
}
