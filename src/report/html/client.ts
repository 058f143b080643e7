/**
 * The page's only script: theme, search and filter, folding, deep links, copying, printing. The page reads without it.
 * Plain text on purpose: what is hashed for the Content-Security-Policy must not change with the bundler.
 */
export const CLIENT_SCRIPT = `
'use strict';
(() => {
  const root = document.documentElement;
  root.classList.add('js');
  // Storage is denied to pages from disk in some browsers: the switch then lasts as long as the page.
  const store = {
    get() { try { return localStorage.getItem('onpar-theme'); } catch { return null; } },
    set(value) { try { localStorage.setItem('onpar-theme', value); } catch {} },
  };
  const saved = store.get();
  if (saved === 'dark' || saved === 'light') root.dataset.theme = saved;

  document.addEventListener('DOMContentLoaded', () => {
    const byId = (id) => document.getElementById(id);
    const list = byId('list');
    const cases = list ? [...list.children] : [];
    const search = byId('search');
    const filters = [...document.querySelectorAll('[data-filter]')];
    const cells = new Map();
    for (const cell of document.querySelectorAll('.cell')) cells.set(cell.getAttribute('href').slice(1), cell);
    let wanted = '';
    let texts = null;

    byId('theme').addEventListener('click', () => {
      const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
      root.dataset.theme = dark ? 'light' : 'dark';
      store.set(root.dataset.theme);
    });
    byId('print').addEventListener('click', () => print());

    function apply() {
      const words = search ? search.value.toLowerCase().split(/\\s+/).filter(Boolean) : [];
      texts ??= cases.map((c) => (c.firstElementChild.textContent + ' ' + c.dataset.k).toLowerCase());
      let shown = 0;
      cases.forEach((c, i) => {
        const fits = (wanted === '' || c.dataset.v === wanted) && words.every((w) => texts[i].includes(w));
        c.hidden = !fits;
        if (fits) shown += 1;
        const cell = cells.get(c.id);
        if (cell) cell.classList.toggle('dimmed', !fits);
      });
      for (const f of filters) f.setAttribute('aria-pressed', String(f.dataset.filter === wanted));
      byId('nothing').hidden = shown > 0;
    }
    function reset() {
      wanted = '';
      if (search) search.value = '';
      apply();
    }
    if (search) search.addEventListener('input', apply);
    for (const f of filters) f.addEventListener('click', () => { wanted = f.dataset.filter; apply(); });
    const clear = byId('clear');
    if (clear) clear.addEventListener('click', reset);

    const fold = byId('fold');
    if (fold) fold.addEventListener('click', () => {
      const open = cases.some((c) => !c.hidden && !c.open);
      for (const c of cases) if (!c.hidden) c.open = open;
      fold.textContent = open ? 'Fold all' : 'Unfold all';
    });

    function follow() {
      let id = location.hash.slice(1);
      try { id = decodeURIComponent(id); } catch {}
      const target = id && byId(id);
      if (!target || !target.matches('details.case')) return;
      if (target.hidden) reset();
      target.open = true;
      target.scrollIntoView();
    }
    addEventListener('hashchange', follow);
    document.addEventListener('click', (event) => {
      const link = event.target.closest('a[href^="#"]');
      // The same link twice changes no hash, yet should open again.
      if (link && link.getAttribute('href') === location.hash) { event.preventDefault(); follow(); return; }
      const button = event.target.closest('.copy');
      if (button) copy(button);
    });
    follow();

    async function copy(button) {
      const code = button.parentElement.querySelector('code');
      let done = false;
      try { await navigator.clipboard.writeText(code.textContent); done = true; } catch {
        const range = document.createRange();
        range.selectNodeContents(code);
        const selection = getSelection();
        selection.removeAllRanges();
        selection.addRange(range);
        try { done = document.execCommand('copy'); } catch {}
      }
      button.textContent = done ? 'Copied' : 'Selected';
      setTimeout(() => { button.textContent = 'Copy'; }, 1500);
    }

    addEventListener('keydown', (event) => {
      if (event.key !== '/' || !search || event.ctrlKey || event.metaKey || event.target.closest('input, textarea')) return;
      event.preventDefault();
      search.focus();
    });

    let closed = [];
    addEventListener('beforeprint', () => {
      closed = [...document.querySelectorAll('details:not([open])')];
      for (const d of closed) d.open = true;
    });
    addEventListener('afterprint', () => {
      for (const d of closed) d.open = false;
      closed = [];
    });
  });
})();
`;
