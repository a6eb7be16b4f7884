package trace

// pageCSS styles the page of a report; with pictureCSS it is all the style
// there is in it, in one element, so that a content security policy can name it
// by its hash.
const pageCSS = `:root{color-scheme:light dark;--paper:#fff;--ink:#1c2329;--soft:#57616b;--line:#dfe4e9;--band:#f4f6f8;--path:#1d5fa8;
--error:#a8350d;--error-paper:#fdf3ef;--late:#855300;--gone:#713a8b}
@media (prefers-color-scheme:dark){:root{--paper:#14181c;--ink:#e4e8ec;--soft:#a0aab4;--line:#2c343c;--band:#1b2025;--path:#7db8f5;
--error:#ff9a78;--error-paper:#2a1a15;--late:#f0b94a;--gone:#d0a3e6}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1880px;padding:28px 24px 48px;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif}
h1{font-size:24px;line-height:1.25;margin:0 0 4px;font-weight:650;overflow-wrap:anywhere}
h2{font-size:15px;margin:0 0 8px;font-weight:600}
td.name,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace;font-size:13px}
.soft{color:var(--soft)}
.error,.panic,.goexit{color:var(--error);font-weight:600}
.timeout{color:var(--late);font-weight:600}
.abandoned{color:var(--gone);font-weight:600}
.skipped{color:var(--soft);font-weight:600}
.facts{display:flex;flex-wrap:wrap;gap:4px 36px;margin:18px 0 24px;padding:0}
.facts div{display:flex;flex-direction:column-reverse}
.facts dt{color:var(--soft);font-size:13px}
.facts dd{margin:0;font-size:19px;font-weight:600;font-variant-numeric:tabular-nums}
.problem{border-left:4px solid var(--error);background:var(--error-paper);padding:10px 14px;margin:0 0 24px;overflow-wrap:anywhere;white-space:pre-wrap}
.cause{margin:0 0 24px;overflow-wrap:anywhere;white-space:pre-wrap}
.figures{display:flex;flex-wrap:wrap;gap:28px 24px;align-items:flex-start;margin-bottom:32px}
figure{margin:0;max-width:100%}
figure>div{overflow-x:auto;border:1px solid var(--line);border-radius:8px}
figure svg{display:block}
.tables{overflow-x:auto;margin-bottom:28px}
table{border-collapse:collapse;font-size:14px}
table.drops{width:100%}
th,td{padding:5px 14px 5px 8px;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
th{font-weight:600;color:var(--soft);font-size:13px;white-space:nowrap}
tr.wave>*{border-top:2px solid var(--line)}
tr.with>td{border-bottom:0}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td.name{overflow-wrap:anywhere;min-width:12em}
td.deps{overflow-wrap:anywhere;min-width:12em;max-width:30em}
td.why{padding-top:0;font-weight:400;overflow-wrap:anywhere;white-space:pre-wrap}
.path{color:var(--path);font-weight:600}
@media print{body{max-width:none;padding:0}figure,tr{break-inside:avoid}}
`

// pageStyle is the content of the page's style element.
const pageStyle = pageCSS + pictureCSS
