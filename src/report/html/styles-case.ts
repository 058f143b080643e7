/** A conversion: the line in the list, its labelled parts, tables and charts. */
export const CASE_STYLES = `
.case{border-top:1px solid var(--rule)}
#list{border-bottom:1px solid var(--rule)}
.case>summary{display:grid;grid-template-columns:20px minmax(180px,5fr) minmax(96px,1.3fr) minmax(0,4fr);gap:4px 12px;padding:9px 0;align-items:baseline;list-style:none}
.case>summary::-webkit-details-marker{display:none}
.case>summary:hover .case-id{text-decoration:underline;text-decoration-thickness:1px;text-underline-offset:3px}
.case[open]>summary .case-id{font-weight:650}
.note{font-size:14px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.case:target>summary{background:var(--raised);box-shadow:-8px 0 0 var(--raised),8px 0 0 var(--raised)}
.body{padding:0 0 32px 32px}
.part{display:grid;grid-template-columns:112px minmax(0,1fr);gap:8px 24px;padding:16px 0;border-top:1px solid var(--rule)}
.part:first-child{border-top-style:dotted}
.part>h4{font-size:14px;font-weight:400;color:var(--soft)}
.findings{list-style:none;display:grid;gap:10px}
.findings li{padding-left:12px;border-left:3px solid var(--rule)}
.findings li.error{border-color:var(--bad)}.findings li.warning{border-color:var(--g-close)}.findings li.cause{border-color:var(--g-equivalent)}

.chain{list-style:none;display:grid;gap:4px}
.expected{margin-bottom:10px}
.log{font-size:12.5px;line-height:1.45;background:var(--raised);padding:8px 12px;margin-top:6px;max-height:320px;overflow:auto}
.part details+details,.scroll+details,.lineage+details{margin-top:6px}
.contract th,.contract td,.sides th,.sides td{border-top:1px solid var(--rule)}
.contract thead th,.sides thead th{border-top:0;padding-top:0}
.contract,.sides{width:100%}
.contract code,.contract th{white-space:nowrap}
.sides{table-layout:auto}
.differs{background:linear-gradient(var(--raised),var(--raised))}
.diff{color:var(--bad);white-space:nowrap}
.axis-line,.axis-foot{display:grid;grid-template-columns:minmax(96px,160px) minmax(0,1fr) 148px;gap:0 16px;align-items:center}
.axis-foot svg{grid-column:2}
.axis-value{white-space:nowrap;text-align:right}
.axis-name{min-width:0}
svg{overflow:visible;display:block}
svg text{fill:var(--soft);font-size:11px;transform:translateY(13px);text-anchor:middle}
svg .first{text-anchor:start}
svg .last{text-anchor:end}
svg path{vector-effect:non-scaling-stroke;fill:none}
.grid{stroke:var(--rule)}
.allowed{fill:var(--allowed)}
.limit,.floor{stroke:var(--limit);stroke-width:2}
.floor{stroke-dasharray:3 2}
.dot,.faint{stroke:currentColor;stroke-width:10;stroke-linecap:round}
.faint{stroke-width:5;opacity:.28}
.key{margin-top:8px;font-size:13px;max-width:none}
.key i{display:inline-block;width:9px;height:9px;border-radius:5px;background:var(--limit);margin:0 3px 0 14px}
.key i:first-child{margin-left:0}
.key .k-faint{width:5px;height:5px;margin-bottom:2px;opacity:.5}
.key .k-allowed{width:16px;border-radius:0;background:var(--allowed);border-right:2px solid var(--limit)}
.key .k-floor{width:0;border-radius:0;border-right:2px dashed var(--limit)}
.experiment{padding-left:12px;border-left:3px solid var(--g-equivalent);margin-bottom:14px;display:grid;gap:4px}
.bars{max-width:560px;margin:2px 0}
.bar-line{display:grid;grid-template-columns:52px minmax(0,1fr) 84px;gap:0 12px;align-items:center;font-size:13px}
.bar{stroke:var(--limit);stroke-width:8}.bar.bad{stroke:var(--bad)}
.path{margin-top:10px}
.path-rows{max-height:420px;overflow:auto}
.path-line,.path-foot{display:grid;grid-template-columns:minmax(120px,34%) minmax(0,1fr) 84px;gap:0 12px;align-items:center;font-size:13px;line-height:1.6}
.path-foot svg{grid-column:2}
.path-name{white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.path-line.culprit{background:var(--raised)}.path-line.culprit .dot{color:var(--bad)}
.plain{list-style:none;display:grid;gap:4px;margin-top:6px}
.drift{margin:0 0 20px;max-width:860px}
.drift-axis{display:grid;grid-template-columns:44px minmax(0,1fr);gap:4px 4px;margin-top:8px}
.drift-foot{grid-column:2}
.course{stroke:currentColor;stroke-width:1.5;opacity:.45}
.dot.small{stroke-width:7}
.dot.bad{color:var(--bad)}
.key .k-bad{background:var(--bad)}
.key .k-dot{background:currentColor}
.key .k-limit{width:14px;height:0;border-radius:0;background:none;border-top:2px solid var(--limit);margin-bottom:3px}
.drift .k-floor{width:14px;height:0;border-right:0;border-top:2px dashed var(--limit);margin-bottom:3px}
.output>summary{padding:2px 0}
.output>p{margin:6px 0 12px}
.output+.output{margin-top:8px}
.judged,.questions,.accepts{grid-template-columns:minmax(0,1fr)}
.judged{display:grid;gap:8px;margin:0 0 20px;max-width:860px}
.judged .remark{font-size:14px;max-width:none}
.judged .bad{color:var(--bad)}
.questions{display:grid;gap:6px}
.question{display:grid;grid-template-columns:minmax(180px,310px) minmax(0,1fr) 132px;gap:0 16px;align-items:center}
.question .numbers{grid-column:1/-1;font-size:13px;max-width:none}
.question.aside{opacity:.75}
.question.aside b{font-weight:400;color:var(--soft)}
.question.foot svg{grid-column:2}
.question.foot span{font-size:13px}
.floors{margin-top:6px}
.floors th,.floors td{padding:1px 24px 1px 0;white-space:nowrap;text-align:right}
.floors th:first-child{text-align:left}
.floors td{font-family:ui-monospace,SFMono-Regular,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:13px}
.accepts{list-style:none;margin-top:8px;display:grid;gap:6px}
.accepts .warn{padding-left:12px;border-left:3px solid var(--g-close);margin-top:4px}
.measures{display:grid;grid-template-columns:minmax(190px,240px) minmax(0,1fr);gap:16px 40px;padding-bottom:16px}
.metrics{width:100%;align-self:start}
.metrics th,.metrics td{padding:2px 0;border-bottom:1px solid var(--rule)}
.metrics td{text-align:right}
figcaption,caption{font-size:13px;color:var(--soft);text-align:left;margin-bottom:8px}
svg .bar{fill:var(--bar)}
svg .zero{fill:var(--rule)}
svg .over{fill:var(--bad)}
.worst{margin-top:16px;width:100%;max-width:560px}
.worst th,.worst td{text-align:right;padding:2px 0 2px 20px}
.worst th:first-child,.worst td:first-child{text-align:left;padding-left:0}
.worst td,.samples td,.metrics td{font-family:ui-monospace,SFMono-Regular,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:13px}
.samples{margin-top:8px}
.samples th,.samples td{padding:2px 28px 2px 0;white-space:nowrap}
.samples td:nth-child(2),.samples td:last-child{color:var(--soft)}
.samples tbody tr:hover{background:var(--raised)}
.lineage{list-style:none}
.lineage li{padding:2px 0 2px 24px;position:relative}
.lineage li+li::before{content:"↓";position:absolute;left:0;color:var(--soft)}
.pairs{display:inline-flex;flex-wrap:wrap;gap:0 14px}
.pairs i{color:var(--soft);font-style:normal}
.pairs code{unicode-bidi:isolate}
.command{display:grid;grid-template-columns:120px minmax(0,1fr) auto;gap:4px 12px;align-items:start;padding:2px 0}
.command pre{background:var(--raised);padding:4px 10px;font-size:13px}
.command button{padding:2px 10px;font-size:13px}
@media (max-width:860px){
.part{grid-template-columns:minmax(0,1fr);gap:4px}
.body{padding-left:0}
.measures{grid-template-columns:minmax(0,1fr)}
}
@media (max-width:640px){
.question{grid-template-columns:minmax(0,1fr) auto;gap:0 8px}
.question svg{grid-column:1/-1;grid-row:2}
.question.foot svg{grid-column:1/-1;grid-row:1}
.question.foot span{grid-column:1/-1;grid-row:2}
.case>summary{grid-template-columns:18px minmax(0,1fr) auto;gap:0 8px}
.note{grid-column:2/-1;white-space:normal}
.axis-line{grid-template-columns:minmax(0,1fr) auto;gap:0 8px;margin-bottom:4px}
.axis-line svg{grid-column:1/-1;grid-row:2}
.axis-foot{grid-template-columns:minmax(0,1fr)}
.axis-foot svg{grid-column:1}
.command{grid-template-columns:minmax(0,1fr) auto}
.command .soft{grid-column:1/-1}
}
`;
