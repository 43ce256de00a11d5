// Figures into the charts' named data sets. Colours are CSS variables, tips are plain text.

const OTHERS = 'others';
const seriesColours = ['var(--s1)', 'var(--s2)', 'var(--s3)', 'var(--s5)', 'var(--s6)', 'var(--s7)', 'var(--s8)'];

// The colour of a category never depends on the filters; what nothing speaks for is grey.
function categoryColour(tickets, code) {
  if (tickets.names.category[code] === OTHERS) return 'var(--s4)';
  const named = tickets.names.category.filter((name) => name !== OTHERS);
  return seriesColours[(named.indexOf(tickets.names.category[code]) - 1) % seriesColours.length];
}

// Start, middle and end of a bar as milliseconds, with a gap between bars. A day lies around its own tick.
const BAR_GAP = 0.14;
// Between the segments of a bar, unless bars are so many that it would eat them.
const segmentGap = (bars) => (bars > WEEKS_FROM_DAYS ? 0 : 1);
function barTimes(tickets, from, to, gap = BAR_GAP) {
  const start = tickets.startMs + (from - 0.5) * DAY_MS;
  const length = (to - from + 1) * DAY_MS;
  const margin = (Math.min(length, 3 * DAY_MS) * gap) / 2;
  return { start: start + margin, middle: start + length / 2, end: start + length - margin };
}

// The parts of a line: what is finished, what leads to days that are not, and values that stand alone.
function lineParts(name, values, isFinished) {
  const missing = (value) => value === null || value === undefined;
  return values.map((value, i) => ({
    [name]: isFinished(i) ? value : null,
    [`${name}_open`]: !isFinished(i) || (i + 1 < values.length && !isFinished(i + 1)) ? value : null,
    [`${name}_alone`]: missing(values[i - 1]) && missing(values[i + 1]) ? value : null,
  }));
}

function incidentText(incident) {
  const days = rangeName(incident.start_day, incident.end_day);
  const byChannel = incident.channel === null ? '' : `, more than usual by ${valueName(incident.channel)}`;
  const slower = incident.frt_avg_minutes === null ? ''
    : `; first responses took ${minutes(incident.frt_avg_minutes)} on average where ${minutes(incident.frt_expected_minutes)} was usual`;
  const subjects = [
    ...(incident.category === null ? [] : [`${percent(Math.min(incident.category_extra_ratio, 1), 0)} in ${valueName(incident.category)}`]),
    ...(incident.topic === null ? [] : [`${percent(Math.min(incident.topic_extra_ratio, 1), 0)} about ${valueName(incident.topic)}`]),
  ];
  const most = subjects.length ? `, of the additional ones ${subjects.join(', ')}`
    : incident.is_of_one_kind ? ', but far more than usual of one kind' : '';
  const ongoing = incident.is_ongoing ? '; it is still going on' : '';
  return `${days}: ${plural(incident.tickets_created, 'ticket')} where about ${count(incident.expected_tickets)} were to be expected`
    + `${most}${byChannel}${slower}${ongoing}`;
}

function periodName(tickets, period, unit) {
  const from = tickets.isoDay(period.from);
  const missing = unit === 'week' && !period.is_whole ? ' (part of a week)' : period.to === tickets.lastDay ? ' (not over)' : '';
  return (unit === 'week' ? rangeName(from, tickets.isoDay(period.to)) : weekdayName(from)) + missing;
}

const tip = (...lines) => lines.filter(Boolean).join('\n');

function chartData(tickets, figures) {
  return {
    tickets: ticketsData(tickets, figures),
    frt: frtData(tickets, figures),
    categories: categoriesData(tickets, figures),
    topics: topicsData(tickets, figures),
    channel_frt: channelFrtData(tickets, figures),
    channel_resolution: { data: { channels: figures.channels.filter((c) => c.tickets_created).map((channel) => ({
      channel: valueName(channel.name),
      rate: channel.resolution_rate,
      rate_at_most: rate(channel.resolved_count + channel.open_count, channel.tickets_created),
      label: `${percent(channel.resolution_rate)}${channel.tickets_created < figures.fewest ? '*' : ''} of ${count(channel.tickets_created)}`,
      tip: tip(valueName(channel.name), `${count(channel.resolved_count)} resolved of ${count(channel.tickets_created)} created, ${count(channel.open_count)} still open`),
    })) } },
    ages: agesData(figures),
    ...ledgerData(tickets, figures),
    accuracy: accuracyData(tickets, figures),
    confusion: confusionData(figures),
  };
}

function incidentData(tickets, figures) {
  return figures.incidents.now.map((incident) => ({
    ...barTimes(tickets, incident.from, incident.to, 0),
    letter: incident.letter,
    tip: tip(`${incident.letter}: unusually many tickets${figures.isFiltered ? ', among all' : ''}`, incidentText(incident)),
  }));
}

function ticketsData(tickets, figures) {
  const average = lineParts('average', figures.days.map((day) => day.tickets_created_7d_avg), (i) => !figures.days[i].isPartial);
  return {
    data: {
      incidents: incidentData(tickets, figures),
      days: figures.days.map((day, i) => ({
        ...barTimes(tickets, day.day, day.day),
        ...average[i],
        tickets: day.tickets_created,
        partial: day.isPartial,
        fill: day.isPartial ? 'transparent' : 'var(--bar)',
        stroke: day.isPartial ? 'var(--muted)' : 'transparent',
        tip: tip(
          weekdayName(tickets.isoDay(day.day)), plural(day.tickets_created, 'ticket'),
          `7-day average ${decimal(day.tickets_created_7d_avg, 1)}`, day.isPartial && 'This day is not over'),
      })),
    },
  };
}

function frtData(tickets, figures) {
  const values = figures.days.flatMap((day) => [day.frt_avg_minutes, day.frt_avg_7d_minutes]).filter((v) => v !== null);
  const [unitTitle, divideBy] = Math.max(0, ...values) > 180
    ? ['Hours to first response', 60] : ['Minutes to first response', 1];
  const scaled = (value) => (value === null ? null : value / divideBy);
  const parts = (name, column) => lineParts(name, figures.days.map((day) => scaled(day[column])), (i) => figures.days[i].isMature);
  const [average, median] = [parts('average', 'frt_avg_7d_minutes'), parts('median', 'frt_median_minutes')];
  return {
    signals: { unit_title: unitTitle },
    data: {
      incidents: incidentData(tickets, figures),
      days: figures.days.map((day, i) => ({
        ...barTimes(tickets, day.day, day.day),
        ...average[i],
        ...median[i],
        value: scaled(day.frt_avg_minutes),
        fill: day.isMature ? 'var(--muted)' : 'var(--surface)',
        size: figures.days.length > 100 ? 10 : 26,
        tip: tip(
          weekdayName(tickets.isoDay(day.day)), `average ${minutes(day.frt_avg_minutes)}, median ${minutes(day.frt_median_minutes)}`,
          `7-day average ${minutes(day.frt_avg_7d_minutes)}`, `${count(day.frt_count)} of ${count(day.tickets_created)} answered`,
          !day.isMature && 'Not finished: answers may still come'),
      })),
    },
  };
}

// From the bottom up, what is of no subject last.
function categoryOrder(tickets) {
  const codes = tickets.names.category.map((_, code) => code).slice(1);
  return [...codes.filter((c) => tickets.names.category[c] !== OTHERS), ...codes.filter((c) => tickets.names.category[c] === OTHERS)];
}

// A category that was not picked for its topics is drawn paler.
function categoriesData(tickets, figures) {
  const cells = figures.categories.flatMap((period) => {
    let low = 0;
    const total = period.counts.reduce((sum, n) => sum + n, 0);
    const isFinished = period.is_whole && period.to < tickets.lastDay;
    return categoryOrder(tickets).map((code) => {
      const tickets_created = period.counts[code];
      const cell = {
        ...barTimes(tickets, period.from, period.to),
        low,
        high: (low += tickets_created),
        fill: categoryColour(tickets, code),
        opacity: figures.topicsOf && figures.topicsOf !== code ? 0.3 : 1,
        // Outlined, as elsewhere, where the period is not whole or not over.
        fill_opacity: isFinished ? 1 : 0.2,
        stroke: isFinished ? 'var(--surface)' : categoryColour(tickets, code),
        gap: isFinished ? segmentGap(figures.categories.length) : 1,
        tip: tip(
          periodName(tickets, period, figures.unit),
          `${valueName(tickets.names.category[code])}: ${count(tickets_created)} of ${count(total)} (${percent(rate(tickets_created, total))})`),
      };
      return cell;
    });
  });
  return { signals: { unit_title: figures.unit === 'week' ? 'Tickets created a week' : 'Tickets created a day' }, data: { cells } };
}

const TOPICS_DRAWN = 10;
function topicsData(tickets, figures) {
  const fill = figures.topicsOf ? categoryColour(tickets, figures.topicsOf) : 'var(--bar-strong)';
  return {
    data: {
      topics: figures.topics.slice(0, TOPICS_DRAWN).map((topic, rank) => ({
        rank,
        name: valueName(topic.name),
        tickets: topic.tickets_created,
        before: topic.before,
        fill,
        label: topic.before === null ? count(topic.tickets_created) : `${count(topic.tickets_created)}, was ${count(topic.before)}`,
        tip: tip(
          valueName(topic.name), `${plural(topic.tickets_created, 'ticket')}, ${percent(topic.share)} of these tickets`,
          topic.before !== null && `${count(topic.before)} in the ${figures.spanName} before`),
      })),
    },
  };
}

// A log scale has no zero: what took under six seconds stands at six.
const LOG_FLOOR = 0.1;
function channelFrtData(tickets, figures) {
  return {
    data: {
      channels: figures.channels.filter((channel) => channel.frt_count).map((channel) => {
        const isSmall = channel.frt_count < figures.fewest;
        return {
          channel: valueName(channel.name),
          median: Math.max(LOG_FLOOR, channel.frt_median_minutes),
          p95: isSmall ? null : Math.max(LOG_FLOOR, channel.frt_p95_minutes),
          median_label: `${minutes(channel.frt_median_minutes)}${isSmall ? '*' : ''}`,
          p95_label: isSmall ? '' : minutes(channel.frt_p95_minutes),
          tip: tip(
            valueName(channel.name), `median ${minutes(channel.frt_median_minutes)}`,
            isSmall ? `p95 not shown: fewer than ${figures.fewest} answered tickets` : `p95 ${minutes(channel.frt_p95_minutes)}`,
            `${count(channel.frt_count)} answered`),
        };
      }),
    },
  };
}

const STATUS_COLOURS = { pending: 'var(--s1)', escalated: 'var(--s2)' };
function agesData(figures) {
  const ofStatus = Object.fromEntries(figures.backlog.map((row) => [row.status, row]));
  if (!ofStatus.all.open_count) return { data: { cells: [], totals: [] } };
  return {
    data: {
      cells: AGE_BRACKETS.flatMap(([column, bracket]) => {
        let low = 0;
        return OPEN_STATUSES.map((status) => ({
          bracket, low, gap: 1, high: (low += ofStatus[status][column]), fill: STATUS_COLOURS[status],
          tip: tip(`Open for ${bracket} days`, `${plural(ofStatus[status][column], `${status} ticket`)}`),
        }));
      }),
      totals: AGE_BRACKETS.map(([column, bracket]) => ({
        bracket, total: ofStatus.all[column], label: count(ofStatus.all[column]),
      })),
    },
  };
}

function ledgerData(tickets, figures) {
  const line = lineParts('backlog', figures.ledger.map((day) => day.closing_count), (i) => figures.ledger[i].day !== tickets.lastDay);
  const days = figures.ledger.map((day, i) => ({
    ...barTimes(tickets, day.day, day.day),
    ...line[i],
    closing: day.closing_count,
    gap: segmentGap(figures.ledger.length),
    created: day.created_count,
    zero: 0,
    resolved: -day.resolved_count,
    left: -day.resolved_count - day.closed_count,
    tip: tip(
      weekdayName(tickets.isoDay(day.day)),
      `${count(day.opening_count)} open + ${count(day.created_count)} created ${MINUS} ${count(day.resolved_count)} resolved ${MINUS} ${count(day.closed_count)} closed = ${count(day.closing_count)}`),
  }));
  return { ledger: { data: { days } }, flow: { data: { days } } };
}

function accuracyData(tickets, figures) {
  return {
    data: {
      weeks: figures.accuracy.filter((week) => week.tagged_count).map((week) => ({
        ...barTimes(tickets, week.from, week.to),
        rate: week.accuracy_rate,
        low: week.accuracy_ci_low,
        high: week.accuracy_ci_high,
        fill: week.is_whole ? 'var(--accent)' : 'var(--surface)',
        tip: tip(
          periodName(tickets, week, 'week'), `${percent(week.accuracy_rate)}: ${count(week.agreed_count)} of ${count(week.tagged_count)} tagged tickets`,
          `95% interval ${percent(week.accuracy_ci_low)} to ${percent(week.accuracy_ci_high)}`),
      })),
    },
  };
}

const NARROW_WINDOW = 480;
const HEAT_STEPS = [0.02, 0.05, 0.15, 0.5];
function confusionData(figures) {
  const isEmpty = figures.confusion.cells.every((cell) => !cell.tickets_count);
  return {
    signals: { narrow: window.innerWidth < NARROW_WINDOW },
    data: {
      cells: isEmpty ? [] : figures.confusion.cells.map((cell) => {
        const step = HEAT_STEPS.filter((limit) => (cell.tag_share || 0) >= limit).length;
        return {
          tag: valueName(cell.tag),
          ai_category: valueName(cell.ai_category),
          fill: `var(--heat-${step})`,
          ink: step > 3 ? 'var(--on-heat)' : 'var(--ink)',
          label: count(cell.tickets_count),
          share_label: percent(cell.tag_share, 0),
          tip: tip(
            `Tagged ${valueName(cell.tag)}, AI says ${valueName(cell.ai_category)}`,
            `${count(cell.tickets_count)} of ${count(cell.tag_tickets_count)} tickets with this tag (${percent(cell.tag_share)})`),
        };
      }),
    },
  };
}
