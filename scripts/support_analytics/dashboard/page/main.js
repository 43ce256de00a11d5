// Start: read the block, build the filters, draw, and draw again on every choice.

const OUTLIERS_SHOWN = 50;
const VEGA_ERRORS_ONLY = 1;
const PRINTED_CHART_WIDTH = 322;
const root = document.documentElement;

function chartTooltip(handler, event, item, text) {
  const box = byId('tip');
  if (!text) {
    box.hidden = true;
    return;
  }
  box.textContent = text;
  box.hidden = false;
  const { width, height } = box.getBoundingClientRect();
  box.style.left = `${Math.max(4, Math.min(event.clientX + 14, window.innerWidth - width - 8))}px`;
  box.style.top = `${event.clientY + height + 24 > window.innerHeight ? event.clientY - height - 10 : event.clientY + 16}px`;
}

class Page {
  constructor(tickets, specs) {
    this.tickets = tickets;
    this.specs = specs;
    this.views = {};
    this.limit = OUTLIERS_SHOWN;
    this.ranked = {};
    this.state = readHash(tickets, location.hash);
    this.drawing = Promise.resolve();
  }

  async start() {
    this.buildFilters();
    this.buildTopicButtons();
    this.listen();
    showDataQuality(this.tickets);
    this.showSource();
    await this.draw();
    root.dataset.readyMs = Math.round(performance.now());
    this.showCheck();
  }

  // One draw at a time; choices made meanwhile are drawn together.
  draw() {
    if (!this.isWaiting) {
      this.isWaiting = true;
      this.drawing = this.drawing.then(() => {
        this.isWaiting = false;
        return this.drawNow();
      });
    }
    return this.drawing;
  }

  async drawNow() {
    const { tickets, state } = this;
    const started = performance.now();
    const figures = computeFigures(tickets, state);
    this.figures = figures;
    showPeriod(tickets, figures);
    showHeadline(figures);
    showCards(tickets, figures);
    showNotes(tickets, figures);
    showCategoryKey(tickets, figures);
    showBacklogTable(figures);
    showScores(tickets, figures);
    showAgreement(tickets, figures);
    this.showFilters();
    this.showOutliers();
    showTables(tickets, figures);
    await this.drawCharts(started);
    root.dataset.hash = writeHash(tickets, state);
    root.dataset.drawMs = Math.round(performance.now() - started);
    root.dataset.drawn = Number(root.dataset.drawn || 0) + 1;
  }

  // Charts in the window first; the browser shows them before the others follow.
  async drawCharts(started) {
    const data = chartData(this.tickets, this.figures);
    const labels = chartLabels(this.tickets, this.figures);
    const empty = emptyCharts(this.tickets, this.figures);
    const places = [...document.querySelectorAll('[data-chart]')];
    const inWindow = places.map((place) => {
      const { top, bottom } = place.parentElement.getBoundingClientRect();
      return bottom > 0 && top < window.innerHeight;
    });
    const order = [...places.filter((_, i) => inWindow[i]), null, ...places.filter((_, i) => !inWindow[i])];
    for (const place of order) {
      if (!place) {
        root.dataset.shownMs = Math.round(performance.now() - started);
        await new Promise((done) => setTimeout(done));
        continue;
      }
      const name = place.dataset.chart;
      const wasHidden = place.hidden;
      place.hidden = empty[name];
      const words = place.nextElementSibling;
      words.hidden = !empty[name];
      words.textContent = empty[name] ? emptyWords(this.tickets, this.figures, name) : '';
      place.setAttribute('aria-label', labels[name]);
      if (!empty[name]) await this.drawChart(place, name, data[name], wasHidden);
    }
  }

  async drawChart(place, name, { data, signals = {} }, wasHidden) {
    if (!this.views[name]) {
      const spec = this.specs[name];
      for (const source of spec.data) if (data[source.name]) source.values = data[source.name];
      for (const signal of spec.signals || []) if (signal.name in signals) signal.value = signals[signal.name];
      const { view } = await vegaEmbed(place, spec, {
        mode: 'vega', renderer: 'svg', actions: false, ast: true, defaultStyle: false, tooltip: chartTooltip,
        logLevel: VEGA_ERRORS_ONLY,
      });
      // The element around is the picture that a screen reader names; its marks would only be noise.
      place.querySelector('svg').setAttribute('aria-hidden', 'true');
      this.views[name] = view;
      return;
    }
    const view = this.views[name];
    for (const [source, rows] of Object.entries(data)) view.data(source, rows);
    for (const [signal, value] of Object.entries(signals)) view.signal(signal, value);
    // While it was hidden it could not follow the window.
    if (wasHidden) view.signal('width', place.clientWidth);
    await view.runAsync();
  }

  setWidths(isPaper) {
    for (const place of document.querySelectorAll('[data-chart]')) {
      const view = this.views[place.dataset.chart];
      if (!view || place.hidden) continue;
      if (place.dataset.chart === 'confusion') view.signal('narrow', isPaper || window.innerWidth < NARROW_WINDOW);
      view.signal('width', isPaper ? PRINTED_CHART_WIDTH : place.clientWidth).run();
    }
  }

  showOutliers() {
    const which = this.state.withWaiting ? 'waiting' : 'answered';
    this.ranked[which] ||= rankDetails(this.tickets, this.state.withWaiting);
    showOutliers(this.tickets, this.figures, this.state, this.ranked[which], this.limit);
  }

  showCheck() {
    const { checked, differences } = checkAgainstWarehouse(this.tickets);
    const equal = checked - differences.length;
    byId('check').textContent = `Self-check: ${count(equal)} of ${count(checked)} figures equal the warehouse.`;
    if (differences.length || !checked) {
      byId('mismatch').hidden = false;
      byId('mismatch-text').textContent = checked
        ? `${count(differences.length)} of ${count(checked)} figures differ from the warehouse. Do not rely on this page; build it again.`
        : 'This page holds no figures of the warehouse to be checked against. Do not rely on it; build it again.';
      byId('mismatch-list').replaceChildren(...differences.slice(0, 5).map(({ name, page, warehouse }) =>
        make('li', {}, `${name}: here ${page}, in the warehouse ${warehouse}`)));
    }
    root.dataset.check = differences.length || !checked ? 'failed' : 'passed';
  }

  showSource() {
    const { facts } = this.tickets;
    const zone = facts.utc_offsets.length === 1 && facts.utc_offsets[0] === 'UTC'
      ? 'days are UTC days' : `days are local days (${facts.utc_offsets.join(', ')})`;
    byId('as-of').textContent = `Data as of ${dayName(facts.as_of.slice(0, 10))}, ${facts.as_of.slice(11)} UTC; ${zone}.`;
    byId('source').textContent = `${plural(facts.tickets_in_window, 'ticket')} from marts.fct_tickets.`;
    if (!facts.is_whole) {
      byId('window').hidden = false;
      byId('window').textContent = `The warehouse holds ${count(facts.tickets_in_all)} tickets. This page holds the latest ${count(facts.tickets_in_window)}: those created since ${dayName(facts.start_day)}, and what was still open then.`;
    }
  }

  buildFilters() {
    const { tickets } = this;
    for (const column of DIMENSIONS) {
      const menu = document.querySelector(`details[data-filter="${column}"]`);
      const codes = choosableCodes(tickets, column);
      if ((column === 'plan' || column === 'country') && tickets.lacks('users')) {
        menu.hidden = true;
        continue;
      }
      menu.querySelector('.options').append(...codes.map((code) => {
        const box = make('input', { type: 'checkbox', value: code });
        return make('label', {}, box, make('span', {}, valueName(tickets.names[column][code])));
      }));
      menu.addEventListener('change', () => {
        const boxes = [...menu.querySelectorAll('input')];
        const on = boxes.filter((box) => box.checked).map((box) => Number(box.value));
        this.choose({ chosen: { ...this.state.chosen, [column]: on.length === boxes.length ? null : new Set(on) } });
      });
      const pick = (all) => this.choose({ chosen: { ...this.state.chosen, [column]: all ? null : new Set() } });
      menu.querySelector('.all').addEventListener('click', () => pick(true));
      menu.querySelector('.none').addEventListener('click', () => pick(false));
    }
    for (const id of ['from', 'to']) {
      byId(id).min = tickets.isoDay(0);
      byId(id).max = tickets.isoDay(tickets.lastDay);
    }
  }

  buildTopicButtons() {
    const { tickets } = this;
    byId('topic-buttons').append(...[0, ...categoryOrder(tickets)].map((code) => {
      const button = make('button', { type: 'button', 'data-topics': code }, code ? valueName(tickets.names.category[code]) : 'All');
      button.addEventListener('click', () => this.choose({ topicsOf: code }));
      return button;
    }));
  }

  showFilters() {
    const { tickets, state } = this;
    for (const button of document.querySelectorAll('[data-preset]')) {
      button.setAttribute('aria-pressed', String(button.dataset.preset === state.preset));
    }
    for (const button of document.querySelectorAll('[data-unit]')) {
      button.setAttribute('aria-pressed', String(button.dataset.unit === this.figures.unit));
    }
    for (const button of document.querySelectorAll('[data-topics]')) {
      button.setAttribute('aria-pressed', String(Number(button.dataset.topics) === state.topicsOf));
    }
    byId('from').value = tickets.isoDay(state.from);
    byId('to').value = tickets.isoDay(state.to);
    for (const menu of document.querySelectorAll('details[data-filter]')) {
      const column = menu.dataset.filter;
      const chosen = state.chosen[column];
      const boxes = [...menu.querySelectorAll('input')];
      for (const box of boxes) box.checked = !chosen || chosen.has(Number(box.value));
      const names = chosen && this.chosenNames(column);
      const text = !chosen ? 'all' : !names.length ? 'none' : names.length <= 2 ? names.join(', ') : `${names.length} of ${boxes.length}`;
      menu.querySelector('summary b').textContent = text;
      menu.classList.toggle('is-set', Boolean(chosen));
    }
    byId('search').value = state.query;
    byId('waiting').checked = state.withWaiting;
    this.showChosen();
  }

  chosenNames(column) {
    return [...this.state.chosen[column]].map((code) => valueName(this.tickets.names[column][code]));
  }

  // What paper says of the choices, and whether there is anything to reset.
  showChosen() {
    const { tickets, state } = this;
    const filters = DIMENSIONS.filter((column) => state.chosen[column]).map((column) =>
      `${column}: ${this.chosenNames(column).join(', ') || 'none'}`);
    const outliers = [...(state.query ? [`with “${state.query}”`] : []), ...(state.withWaiting ? [] : ['without tickets that still wait'])];
    byId('chosen').textContent = (filters.length ? `Only ${filters.join('; ')}. ` : '')
      + (outliers.length ? `Outliers ${outliers.join(', ')}.` : '');
    byId('reset').disabled = writeHash(tickets, state) === '';
  }

  choose(changes) {
    Object.assign(this.state, changes);
    this.limit = OUTLIERS_SHOWN;
    this.keepHash();
    return this.draw();
  }

  // The address leads here again; without filters it has no hash.
  keepHash() {
    history.replaceState(null, '', writeHash(this.tickets, this.state) || location.pathname + location.search);
  }

  listen() {
    const { tickets } = this;
    for (const button of document.querySelectorAll('[data-preset]')) {
      button.addEventListener('click', () => this.choose({ preset: button.dataset.preset, ...presetRange(tickets, button.dataset.preset) }));
    }
    for (const button of document.querySelectorAll('[data-unit]')) {
      button.addEventListener('click', () => this.choose({ unit: button.dataset.unit }));
    }
    // A day that the other end has not reached yet takes it along.
    const pickDays = (edited) => {
      const picked = tickets.dayOf(byId(edited).value);
      if (!Number.isFinite(picked)) return;
      const day = Math.min(Math.max(0, picked), tickets.lastDay);
      const { from, to } = this.state;
      this.choose({ preset: '', ...(edited === 'from' ? { from: day, to: Math.max(day, to) } : { from: Math.min(from, day), to: day }) });
    };
    for (const id of ['from', 'to']) byId(id).addEventListener('change', () => pickDays(id));
    byId('reset').addEventListener('click', () => {
      // It is about to be disabled, which would leave the keyboard nowhere.
      document.querySelector('[data-preset]').focus();
      this.choose(defaultState(tickets));
    });
    byId('waiting').addEventListener('change', () => this.choose({ withWaiting: byId('waiting').checked }));
    byId('search').addEventListener('input', () => {
      this.state.query = byId('search').value.slice(0, 200);
      this.limit = OUTLIERS_SHOWN;
      this.keepHash();
      root.dataset.hash = writeHash(tickets, this.state);
      this.showChosen();
      this.showOutliers();
    });
    byId('outlier-more').addEventListener('click', () => {
      const next = this.limit;
      this.limit += OUTLIERS_SHOWN;
      this.showOutliers();
      // The first of the new rows is where a reader goes on.
      const row = byId('outlier-rows').children[next];
      row.tabIndex = -1;
      row.focus();
    });
    // Not a link to follow: the address holds the filters.
    document.querySelector('.skip').addEventListener('click', (event) => {
      event.preventDefault();
      byId('main').focus();
    });
    window.addEventListener('hashchange', () => {
      this.state = readHash(tickets, location.hash);
      this.limit = OUTLIERS_SHOWN;
      this.draw();
    });
    for (const details of document.querySelectorAll('details[data-table]')) {
      details.addEventListener('toggle', () => showTables(tickets, this.figures));
    }
    // What the keyboard reaches must not hide behind the bar.
    const bar = document.querySelector('.filters');
    new ResizeObserver(() => {
      const isSticky = getComputedStyle(bar).position === 'sticky';
      root.style.scrollPaddingTop = `${isSticky ? bar.offsetHeight + 12 : 0}px`;
    }).observe(bar);
    const menus = [...document.querySelectorAll('details[data-filter]')];
    document.addEventListener('click', (event) => {
      for (const menu of menus) if (!menu.contains(event.target)) menu.open = false;
    });
    document.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      byId('tip').hidden = true;
      for (const menu of menus.filter((m) => m.open)) {
        if (menu.contains(document.activeElement)) menu.querySelector('summary').focus();
        menu.open = false;
      }
    });
    for (const menu of menus) {
      // A panel that would pass the window's right edge opens further to the left.
      menu.addEventListener('toggle', () => {
        const panel = menu.querySelector('.panel');
        panel.style.left = '0';
        const beyond = panel.getBoundingClientRect().right + 8 - document.documentElement.clientWidth;
        if (beyond > 0) panel.style.left = `${-beyond}px`;
      });
      menu.addEventListener('focusout', ({ relatedTarget }) => {
        if (relatedTarget && !menu.contains(relatedTarget)) menu.open = false;
      });
    }
    // Shrunk with the paper, the charts' words would be too small to read: they are laid out again.
    window.addEventListener('beforeprint', () => this.setWidths(true));
    window.addEventListener('afterprint', () => this.setWidths(false));
    byId('print').addEventListener('click', () => window.print());
  }
}

function listenToTheme() {
  const stored = (value) => {
    try {
      if (value) localStorage.setItem('support-health-theme', value);
      return localStorage.getItem('support-health-theme');
    } catch {
      return null; // Files opened by double click may have no storage.
    }
  };
  const dark = window.matchMedia('(prefers-color-scheme: dark)');
  if (['light', 'dark'].includes(stored())) root.dataset.theme = stored();
  byId('theme').addEventListener('click', () => {
    const isDark = root.dataset.theme ? root.dataset.theme === 'dark' : dark.matches;
    root.dataset.theme = isDark ? 'light' : 'dark';
    stored(root.dataset.theme);
  });
}

async function main() {
  listenToTheme();
  if (!('DecompressionStream' in window)) {
    throw new Error('this browser is too old to read the page; browsers since 2023 can');
  }
  const [library, block] = await Promise.all([inflate('vega'), inflate('block')]);
  // As text of an element: the page's policy knows the hash of exactly this text.
  document.head.append(make('script', {}, new TextDecoder().decode(library)));
  const { arrays, facts } = readBlock(block);
  const { charts, ...ofTickets } = facts;
  Object.assign(SPELLED, facts.names);
  Object.assign(TITLES, facts.titles);
  const page = new Page(new Tickets({ arrays, facts: ofTickets }), charts);
  await page.start();
  root.dataset.state = 'ready';
}

main().catch((error) => {
  root.dataset.state = 'failed';
  byId('mismatch').hidden = false;
  byId('mismatch-text').textContent = `This page could not be drawn: ${error.message}.`;
});
