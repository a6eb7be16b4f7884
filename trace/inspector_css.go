package trace

// inspectorCSS styles the page, beside pictureCSS, with the colours of the
// reports. No meaning rests on colour alone.
const inspectorCSS = `:root{color-scheme:light dark;--paper:#fff;--ink:#1c2329;--soft:#57616b;--line:#dfe4e9;--band:#f4f6f8;--path:#1d5fa8;
--ok:#2c7a4b;--late:#855300;--late-paper:#fdf5e4;--late-line:#e3a52e;--error:#a8350d;--error-paper:#fdf3ef;--gone:#713a8b}
@media (prefers-color-scheme:dark){:root{--paper:#14181c;--ink:#e4e8ec;--soft:#a0aab4;--line:#2c343c;--band:#1b2025;--path:#7db8f5;
--ok:#6fcf97;--late:#f0b94a;--late-paper:#2b2213;--late-line:#a87a1f;--error:#ff9a78;--error-paper:#2a1a15;--gone:#d0a3e6}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1400px;padding:20px 24px 48px;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif}
header{display:flex;flex-wrap:wrap;align-items:baseline;gap:4px 24px}
h1{font-size:24px;line-height:1.25;margin:0;font-weight:650}
h1 span{font-weight:400}
h2{font-size:17px;margin:28px 0 10px;font-weight:600}
h3,h4,h5,h6{display:inline;font-size:16px;margin:0;font-weight:650;overflow-wrap:anywhere}
h4,h5,h6{font-size:15px}
a{color:var(--path)}
:focus-visible{outline:2px solid var(--path);outline-offset:2px;border-radius:3px}
.soft{color:var(--soft)}
.bad{color:var(--error);font-weight:600}
.count{color:var(--soft);font-weight:400;margin-left:4px}
.tools{display:flex;flex-wrap:wrap;gap:14px;align-items:baseline;margin:0 0 0 auto;font-size:14px;font-variant-numeric:tabular-nums}
button{font:inherit;color:inherit;background:var(--band);border:1px solid var(--line);border-radius:6px;padding:1px 12px;cursor:pointer}
button[aria-pressed=true]{background:var(--ink);color:var(--paper)}
.skip{position:absolute;left:-999px}
.skip:focus{left:24px;top:6px;background:var(--paper);padding:4px 10px;z-index:1}
.problem{border-left:4px solid var(--error);background:var(--error-paper);padding:10px 14px;margin:12px 0 0;overflow-wrap:anywhere}
#status{margin:10px 0 0;font-size:16px;overflow-wrap:anywhere}
.empty{color:var(--soft);border:1px dashed var(--line);border-radius:8px;padding:18px;text-align:center;margin:0}
.scope{border:1px solid var(--line);border-radius:8px;margin:0 0 10px}
.scope .scope{margin:8px 0 0}
summary{display:flex;flex-wrap:wrap;align-items:center;gap:2px 12px;padding:9px 14px 9px 10px;cursor:pointer;border-radius:8px;font-variant-numeric:tabular-nums}
summary::before{content:"";width:0;height:0;border:5px solid transparent;border-left:7px solid var(--soft);border-right:0;margin:0 1px 0 3px}
details[open]>summary::before{transform:rotate(90deg)}
summary::-webkit-details-marker{display:none}
summary:hover{background:var(--band)}
.inside{padding:2px 14px 12px}
.state{font-size:13px;font-weight:600;border:1.5px solid currentColor;border-radius:99px;padding:0 9px;color:var(--soft)}
.is-open>summary .state{color:var(--ok)}
.is-draining>summary .state{color:var(--late)}
.is-dropping>summary .state{color:var(--late);border-style:dashed}
.scope .scope>summary .state{font-size:12px}
.is-draining,.is-dropping{border-color:var(--late-line)}
.scope .is-open{border-color:var(--line)}
.many>summary .state{border-style:none;padding:0 2px}
.many>summary .state::after{content:" ×"}
.waits{color:var(--late);font-weight:600;margin-left:auto}
.cause{margin:0 0 8px;overflow-wrap:anywhere}
.grace{display:flex;align-items:center;gap:12px;margin:0 0 8px;font-size:14px;font-variant-numeric:tabular-nums}
progress{width:220px;height:8px;appearance:none;border:0;border-radius:4px;background:var(--line);overflow:hidden}
progress::-webkit-progress-bar{background:var(--line)}
progress::-webkit-progress-value{background:var(--late-line)}
progress::-moz-progress-bar{background:var(--late-line)}
.waves{display:flex;flex-wrap:wrap;gap:6px;list-style:none;margin:0 0 12px;padding:0;font-size:13px}
.waves li{border:1px solid var(--line);border-radius:6px;padding:1px 10px;color:var(--soft)}
.waves b{font-weight:600;color:var(--ink);margin-left:4px}
.waves .done{background:var(--band)}
.waves .done b{color:var(--soft);font-weight:400}
.waves .now{border-color:var(--late-line);background:var(--late-paper);color:var(--late)}
.waves .now b{color:var(--late)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:14px}
th,td{padding:4px 14px 4px 8px;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
thead th{font-weight:600;color:var(--soft);font-size:13px;white-space:nowrap}
tbody tr:last-child>*{border-bottom:0}
tbody th{font-weight:400;overflow-wrap:anywhere;min-width:9em}
.scope tbody th,.scope td bdi{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace;font-size:13px}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.items td{white-space:nowrap}
.items td:last-child{white-space:normal;overflow-wrap:anywhere;width:45%;min-width:12em}
.awaited>*{background:var(--late-paper)}
.awaited>th{font-weight:600;box-shadow:inset 3px 0 var(--late-line)}
.dot{display:inline-block;width:8px;height:8px;border-radius:50%;margin-right:7px;background:var(--ok)}
.dot.is-dropping{background:none;border:2px solid var(--late)}
.dot.is-abandoned{border-radius:0;background:var(--gone)}
figure{margin:12px 0 0;max-width:100%}
figcaption{font-size:13px;font-weight:600;color:var(--soft);margin-bottom:4px}
figure .scroll{border:1px solid var(--line);border-radius:8px}
figure svg{display:block}
#teardowns td,#teardowns tbody th{vertical-align:middle}
#teardowns tbody th{font-weight:600}
#teardowns time{font-variant-numeric:tabular-nums}
#older>summary{color:var(--soft);font-size:14px;padding-left:2px}
.thumb{display:block;background:var(--band);border-radius:3px}
.links{margin:12px 0 0;font-size:13px;color:var(--soft)}
.links a{margin-left:6px}
.stale #live{opacity:.55}
@media (prefers-reduced-motion:no-preference){#live{transition:opacity .3s}tr.new>*{animation:new 2.5s}}
@keyframes new{from{background:var(--late-paper)}}
@media print{.tools,.skip{display:none}}
`
