package trace

// pictureCSS styles the pictures, in light and in dark. Its classes start with
// "ebb-", so that it can stand in a page with other styles, and it uses no
// custom properties, which renderers other than browsers do not know.
//
// Blue, orange, purple and grey are different to all common kinds of colour
// blindness, and no meaning rests on colour alone: what went wrong has its
// outcome written beside it, the critical path a diamond, abandoned and skipped
// drops a pattern. Texts have a contrast of at least 4.5 to 1.
const pictureCSS = `.ebb-pic{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace}
.ebb-pic text{fill:#1c2329}
.ebb-paper{fill:#fff}
.ebb-pic .ebb-soft{fill:#57616b}
.ebb-pic .ebb-small{font-size:11px}
.ebb-pic .ebb-head{font-weight:600;font-size:13px}
.ebb-pic .ebb-strong{font-weight:600}
.ebb-band{fill:#f4f6f8}
.ebb-grid{stroke:#dfe4e9;stroke-width:1}
.ebb-wait{stroke:#8b96a1;stroke-width:1.5;stroke-dasharray:1.5 3.5}
.ebb-limit{stroke:#b3370f;stroke-width:1.5;stroke-dasharray:5 3}
.ebb-ok{fill:#9dbfe3}
.ebb-path{fill:#1d5fa8}
.ebb-error{fill:#cf4a1b}
.ebb-late{fill:#d98a00}
.ebb-gone{fill:#8e4bab}
.ebb-skip{fill:none;stroke:#6a7580;stroke-width:1.5;stroke-dasharray:3 2}
.ebb-rest{fill:#dbe3ec;stroke:#8b96a1;stroke-dasharray:3 2}
.ebb-hatch{stroke:#fff;stroke-width:2.5}
.ebb-pic .ebb-t-error{fill:#a8350d;font-weight:600}
.ebb-pic .ebb-t-late{fill:#855300;font-weight:600}
.ebb-pic .ebb-t-gone{fill:#713a8b;font-weight:600}
.ebb-pic .ebb-t-skip{fill:#57616b;font-weight:600}
.ebb-row:hover .ebb-hover{fill:#e8eef5}
.ebb-hover{fill:none;pointer-events:all}
.ebb-edge{fill:none;stroke:#98a3ae;stroke-width:1.25}
.ebb-tip{fill:#7d8893}
.ebb-edge-path{stroke:#1d5fa8;stroke-width:2.25}
.ebb-tip-path{fill:#1d5fa8}
.ebb-node{fill:#f2f6fb;stroke:#86a3c4;stroke-width:1.25}
.ebb-n-path{stroke:#1d5fa8;stroke-width:2.25}
.ebb-n-error{fill:#fdf0eb;stroke:#cf4a1b}
.ebb-n-late{fill:#fdf5e4;stroke:#c07a00}
.ebb-n-gone{fill:#f7effa;stroke:#8e4bab}
.ebb-n-skip{fill:none;stroke:#6a7580;stroke-dasharray:3 2}
.ebb-n-done{fill:none;stroke:#b5bec7}
.ebb-n-rest{fill:none;stroke:#8b96a1;stroke-dasharray:3 2}
@media (prefers-color-scheme:dark){
.ebb-pic text{fill:#e4e8ec}
.ebb-paper{fill:#14181c}
.ebb-pic .ebb-soft{fill:#a0aab4}
.ebb-band{fill:#1b2025}
.ebb-grid{stroke:#2c343c}
.ebb-wait{stroke:#76828e}
.ebb-limit{stroke:#ff9270}
.ebb-ok{fill:#43688f}
.ebb-path{fill:#7db8f5}
.ebb-error{fill:#f0764c}
.ebb-late{fill:#e3a52e}
.ebb-gone{fill:#b882d1}
.ebb-skip{stroke:#95a0ab}
.ebb-rest{fill:#2a323b;stroke:#76828e}
.ebb-hatch{stroke:#14181c}
.ebb-pic .ebb-t-error{fill:#ff9a78}
.ebb-pic .ebb-t-late{fill:#f0b94a}
.ebb-pic .ebb-t-gone{fill:#d0a3e6}
.ebb-pic .ebb-t-skip{fill:#a0aab4}
.ebb-row:hover .ebb-hover{fill:#232c36}
.ebb-edge{stroke:#65717d}
.ebb-tip{fill:#7d8996}
.ebb-edge-path{stroke:#7db8f5}
.ebb-tip-path{fill:#7db8f5}
.ebb-node{fill:#1b2530;stroke:#4d6f94}
.ebb-n-path{stroke:#7db8f5}
.ebb-n-error{fill:#2e1b15;stroke:#f0764c}
.ebb-n-late{fill:#2b2213;stroke:#e3a52e}
.ebb-n-gone{fill:#271c2d;stroke:#b882d1}
.ebb-n-skip{fill:none;stroke:#95a0ab}
.ebb-n-done{fill:none;stroke:#3d4751}
.ebb-n-rest{fill:none;stroke:#76828e}
}
`
