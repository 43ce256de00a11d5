// Control totals: the marts' own figures, held against those that this page computes from its tickets.

function sameFigure(a, b) {
  if (a === null || b === null || typeof a === 'string') return a === b;
  return Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
}

// [number of figures held against the warehouse, those that differ as {name, page, warehouse}].
function checkAgainstWarehouse(tickets) {
  const all = tickets.all;
  const { control } = tickets.facts;
  const differences = [];
  let checked = 0;
  const hold = (group, keyed) => {
    if (!control[group]) return;
    const { keys, columns, rows } = control[group];
    for (const row of rows) {
      const own = keyed(...row.slice(0, keys));
      for (let i = keys; i < columns.length; i++) {
        checked++;
        const page = own === undefined || own[columns[i]] === undefined ? 'missing' : own[columns[i]];
        if (!sameFigure(page, row[i])) {
          differences.push({ name: `${group} ${row.slice(0, keys).join(' ')} ${columns[i]}`, page, warehouse: row[i] });
        }
      }
    }
  };

  const days = dailyFigures(tickets, all, 0, tickets.lastDay);
  const backlog = ledger(tickets, all, 0, tickets.lastDay);
  hold('days', (day) => ({
    ...measure(tickets, all, day, day),
    ...days[day],
    backlog_opening_count: backlog[day].opening_count,
    backlog_resolved_count: backlog[day].resolved_count,
    backlog_closed_count: backlog[day].closed_count,
    backlog_closing_count: backlog[day].closing_count,
  }));

  const byWeek = (column) => {
    const weeks = new Map();
    return (week, value) => {
      if (!weeks.has(week)) weeks.set(week, measureBy(tickets, all, Math.max(week, 0), week + 6, column));
      return weeks.get(week)[tickets.names[column].indexOf(value)];
    };
  };
  hold('channel_weeks', byWeek('channel'));
  hold('category_weeks', byWeek('category'));

  const accuracy = new Map(accuracyByWeek(tickets, all, 0, tickets.lastDay).map((week) => [week.start, week]));
  hold('accuracy_weeks', (week) => accuracy.get(week));

  const statuses = new Map(backlogByStatus(tickets, all).map((figures) => [figures.status, figures]));
  hold('backlog', (status) => statuses.get(status));

  const { cells, scores } = confusion(tickets, all, 0, tickets.lastDay);
  hold('confusion', (tag, ai) => cells.find((cell) => cell.tag === tag && cell.ai_category === ai));
  hold('scores', (category) => scores.find((score) => score.category === category));

  hold('health', (from, to, which) => {
    const compared = compare(tickets, all, from, to);
    const nothing = Object.fromEntries(Object.keys(compared.now).map((metric) => [metric, null]));
    return compared[which] || nothing;
  });

  const slowest = rankDetails(tickets, false);
  hold('outliers', (rank) => {
    const found = slowest[rank - 1];
    return found && {
      ticket_id: tickets.facts.details.ids[found.detail],
      first_response_time_minutes: found.minutes,
    };
  });
  return { checked, differences };
}
