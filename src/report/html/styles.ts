import { CASE_STYLES } from './styles-case.ts';
import { TOKENS } from './tokens.ts';

const BASE = `
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-padding-top:16px}
body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:anywhere}
main{max-width:1180px;margin:0 auto;padding:40px 32px 64px}
h1,h2,h4,p,ul,ol,dl,figure,fieldset{margin:0;padding:0}
h1{font-size:30px;line-height:1.2;font-weight:650;letter-spacing:-.01em;display:flex;gap:12px}
h2{font-size:18px;font-weight:650;margin:40px 0 8px}
a{color:var(--link);text-decoration-thickness:1px;text-underline-offset:2px}
code,pre,.n,.cell,td,.axis-value,.note{font-variant-numeric:tabular-nums}
code,pre,.n{font-family:ui-monospace,SFMono-Regular,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.9em}
pre{margin:0;white-space:pre-wrap}
p{max-width:72ch}
b{font-weight:600}
.n{direction:ltr;unicode-bidi:isolate}
table{border-collapse:collapse;font-size:14px;overflow-wrap:break-word}
th{font-weight:400;text-align:left;color:var(--soft)}
th,td{padding:4px 16px 4px 0;vertical-align:baseline}
summary{cursor:pointer}
summary:focus-visible,a:focus-visible,button:focus-visible,input:focus-visible,.scroll:focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:2px}
button,input{font:inherit;color:inherit;background:var(--ground);border:1px solid var(--rule);border-radius:4px;padding:4px 10px}
button{cursor:pointer}
button:hover{border-color:var(--soft)}
mark{background:var(--bad-ground);color:var(--bad);padding:0 3px;border-radius:2px;font-weight:600}
[hidden]{display:none!important}
html:not(.js) .js-only{display:none}
.soft{color:var(--soft)}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.scroll{overflow-x:auto;max-width:100%}
.mark{font-weight:700;display:inline-block;min-width:1.1em;text-align:center}
.good{color:var(--good)}.bad{color:var(--bad)}.verdict-word{font-weight:600}
.g-identical{color:var(--g-identical)}.g-equivalent{color:var(--g-equivalent)}.g-close{color:var(--g-close)}.g-different{color:var(--g-different)}.g-broken{color:var(--g-broken)}
.v-unverifiable{color:var(--g-close)}.v-skipped,.v-expected{color:var(--soft)}
.code{color:var(--soft);font:.82em ui-monospace,SFMono-Regular,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
a.code{text-decoration-style:dotted}
`;

const TOP = `
.masthead{position:relative}
@media (min-width:641px){.masthead h1{padding-right:200px}}
.tools{position:absolute;right:0;top:0;display:flex;gap:8px}
.tools button{color:var(--soft);font-size:13px}
.lead{font-size:18px;margin:8px 0 16px}
.lead::first-letter{text-transform:uppercase}
.totals{display:block;margin-bottom:16px}
.t-fail,.t-error{fill:var(--bad)}.t-unverifiable{fill:var(--g-close)}.t-expected{fill:var(--bar)}.t-skipped{fill:var(--rule)}.t-pass{fill:var(--g-equivalent)}
.totals rect{stroke:var(--ground);stroke-width:1}
.facts{display:flex;flex-wrap:wrap;gap:4px 20px;color:var(--soft);font-size:14px;max-width:none}
.facts strong{color:var(--bad)}
.run-finding{margin-top:16px;padding-left:12px;border-left:3px solid var(--rule)}
.run-finding.error{border-color:var(--bad)}.run-finding.warning{border-color:var(--g-close)}
.broke{list-style:none}
.broke li{display:grid;grid-template-columns:24px minmax(0,1fr);gap:8px;padding:12px 0;border-top:1px solid var(--rule)}
.broke .what{display:flex;flex-wrap:wrap;gap:2px 16px;max-width:none;margin-bottom:2px}
.broke .what a{color:var(--ink);font-weight:600}
.broke p{max-width:88ch}
.kv{display:grid;grid-template-columns:52px minmax(0,1fr)}
.kv b{color:var(--soft);font-weight:400}
.glossary{font-size:14px;display:grid;gap:6px}
.glossary div{display:grid;grid-template-columns:minmax(150px,220px) minmax(0,72ch);gap:0 16px}
.glossary dt{font-family:ui-monospace,monospace;font-size:13px;color:var(--soft)}
.glossary dd{margin:0}
.glossary div:target{background:var(--raised)}
.matrix{border-top:1px solid var(--rule)}
.matrix th,.matrix td{padding:5px 20px 5px 0;white-space:nowrap;overflow-wrap:normal}
.matrix thead th{border-bottom:1px solid var(--rule);font-size:13px}
.matrix tbody{border-bottom:1px solid var(--rule)}
.matrix tbody th{vertical-align:top;padding-top:7px}
.matrix th[scope=rowgroup]{color:var(--ink);font-weight:600}
.cell{display:inline-block;min-width:88px;padding:2px 8px;border-radius:3px;text-decoration:none;background:var(--gg-identical);margin:0 4px 0 0}
.cell b{display:inline-block;min-width:14px}
.cell.g-equivalent{background:var(--gg-equivalent)}.cell.g-close{background:var(--gg-close)}.cell.g-different{background:var(--gg-different)}.cell.g-broken{background:var(--gg-broken)}
.cell.bad{background:var(--bad-ground);box-shadow:inset 0 0 0 1px var(--bad)}
.cell.v-unverifiable{background:var(--gg-close)}
.cell.v-skipped,.cell.v-expected{background:none;box-shadow:inset 0 0 0 1px var(--rule)}
.cell:hover{text-decoration:underline}
.cell.dimmed{opacity:.28}
.none{color:var(--soft);padding-left:8px}
.legend{display:flex;flex-wrap:wrap;gap:2px 18px;margin:12px 0 0;font-size:13px;color:var(--soft)}
.legend div{display:flex;gap:5px}
.legend dt{font-weight:600;color:var(--ink);white-space:nowrap}
.legend dd{margin:0}
.toolbar{display:flex;flex-wrap:wrap;gap:8px;margin:32px 0 12px;align-items:center}
#search{flex:1 1 240px;min-width:0;padding:6px 12px}
.filters{display:flex;flex-wrap:wrap;border:0;gap:4px;min-width:0}
.filters button{border-color:transparent;color:var(--soft);white-space:nowrap}
.filters button[aria-pressed=true]{background:var(--raised);border-color:var(--rule);color:var(--ink);font-weight:600}
#nothing{padding:24px 0}
`;

const NARROW = `
@media (max-width:640px){
main{padding:20px 16px 48px}
h1{font-size:24px}
.lead{font-size:16px}
.tools{position:static;justify-content:flex-end;margin-bottom:12px}
.tools span{display:none}
h2{margin-top:36px}
.broke li{grid-template-columns:18px minmax(0,1fr)}
.glossary div{grid-template-columns:minmax(0,1fr)}
.matrix th,.matrix td{padding-right:10px}
.matrix tbody th bdi{display:inline-block;max-width:36vw;overflow:hidden;text-overflow:ellipsis;vertical-align:bottom}
.cell{min-width:72px}
}
`;

const PRINT = `
@media print{
main{max-width:none;padding:0}
.js-only,.toolbar{display:none!important}
.case,.broke li,.output,.part{break-inside:avoid-page}
.case>summary{break-after:avoid}
details::details-content{content-visibility:visible;display:block;height:auto}
.scroll{overflow:visible}
a{color:inherit}
.cell,mark,svg *{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
`;

/** The page's only style sheet, as one string whose hash goes into the Content-Security-Policy. */
export const STYLES = [TOKENS, BASE, TOP, CASE_STYLES, NARROW, PRINT].join('').replace(/\n+/g, '\n');
