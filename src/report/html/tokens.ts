/**
 * Colours. Grades run from blue-grey to deep orange, a sequence that survives the common colour-blindnesses; red is kept
 * for what fails. Text colours have at least 4.5:1 against the ground of their theme.
 */
export const LIGHT = {
  ground: '#ffffff',
  raised: '#f5f7f9',
  ink: '#1a2129',
  soft: '#5a6673',
  rule: '#dde3e8',
  link: '#1f5c8b',
  bad: '#c2142b',
  'bad-ground': '#fdecee',
  good: '#2b6152',
  'g-identical': '#516577',
  'g-equivalent': '#3d6a92',
  'g-close': '#7d6100',
  'g-different': '#9c4f00',
  'g-broken': '#a83a08',
  'gg-identical': '#eef2f5',
  'gg-equivalent': '#e6eef6',
  'gg-close': '#faf0d2',
  'gg-different': '#fbe3cb',
  'gg-broken': '#f8d3bf',
  allowed: '#e3ebf2',
  limit: '#51687d',
  bar: '#8fa5b8',
};

export const DARK: typeof LIGHT = {
  ground: '#12171c',
  raised: '#1a2128',
  ink: '#e4e9ee',
  soft: '#98a5b2',
  rule: '#2b353f',
  link: '#8cc0ec',
  bad: '#ff8087',
  'bad-ground': '#3a1a20',
  good: '#7fc4ae',
  'g-identical': '#a3b3c1',
  'g-equivalent': '#8fb9de',
  'g-close': '#d9bb55',
  'g-different': '#eda25b',
  'g-broken': '#f5905f',
  'gg-identical': '#1e272f',
  'gg-equivalent': '#1a2a3a',
  'gg-close': '#332c14',
  'gg-different': '#3b2813',
  'gg-broken': '#422213',
  allowed: '#24303b',
  limit: '#90a5b8',
  bar: '#5f778c',
};

const declare = (colours: typeof LIGHT): string =>
  Object.entries(colours)
    .map(([name, value]) => `--${name}:${value}`)
    .join(';');

/** Light, dark by preference, and either by the page's switch. Paper is always light. */
export const TOKENS = `
:root{color-scheme:light;${declare(LIGHT)}}
@media screen{
:root[data-theme=dark]{color-scheme:dark;${declare(DARK)}}
@media (prefers-color-scheme:dark){:root:not([data-theme=light]){color-scheme:dark;${declare(DARK)}}}
}
`;
