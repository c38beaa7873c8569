/** How <digit-pad> looks. All colours come from the page's text colour, unless `theme` or a variable says otherwise. */
export const PAD_STYLE = `
:host {
  --_ink: var(--digit-pad-ink, currentColor);
  --_line: var(--digit-pad-line, color-mix(in srgb, currentColor 30%, transparent));
  --_faint: color-mix(in srgb, currentColor 12%, transparent);
  --_soft: color-mix(in srgb, currentColor 75%, transparent);
  --_accent: var(--digit-pad-accent, currentColor);
  --_radius: var(--digit-pad-radius, 8px);
  display: flow-root;
  line-height: 1.4;
}
:host([hidden]), [hidden] { display: none !important; }
:host([theme="light"]) { color-scheme: light; color: #1a1d21; }
:host([theme="dark"]) { color-scheme: dark; color: #e8eaed; }
:host([theme="light"]:not([bare])) { background: #fdfdfb; --digit-pad-accent: #2a4bc6; }
:host([theme="dark"]:not([bare])) { background: #14171b; --digit-pad-accent: #8ea6ff; }
:host([theme]:not([bare])) { padding: 16px; border-radius: var(--_radius); }
.surface {
  position: relative;
  aspect-ratio: 1;
  touch-action: none;
  user-select: none;
  -webkit-user-select: none;
  cursor: crosshair;
  color: var(--_ink);
  border-radius: inherit;
}
.surface:focus-visible { outline: 2px solid var(--_accent); outline-offset: 2px; }
.surface canvas { display: block; width: 100%; height: 100%; touch-action: none; border-radius: inherit; }
.all { display: flex; flex-wrap: wrap; gap: 16px 24px; }
.place { position: relative; }
.drawing { flex: 0 1 var(--digit-pad-size, 280px); min-width: min(100%, 200px); }
.all .surface {
  background: var(--digit-pad-paper, transparent);
  border: 1px solid var(--_line);
  border-radius: var(--_radius);
}
.hint { position: absolute; inset: 0; display: grid; place-items: center; color: var(--_soft); pointer-events: none; }
.buttons { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 8px; }
.teach { display: grid; grid-template-columns: repeat(5, minmax(44px, 1fr)); gap: 8px; min-width: 0; margin: 16px 0 0; padding: 0; border: 0; }
.named .teach { grid-template-columns: repeat(auto-fill, minmax(90px, 1fr)); }
.legend { padding: 0 0 6px; }
.retry { margin-bottom: 8px; }
button {
  flex: 1 1 auto;
  min-width: 44px;
  min-height: 44px;
  padding: 4px 10px;
  border: 1px solid var(--_line);
  border-radius: 6px;
  background: transparent;
  color: inherit;
  font: inherit;
  cursor: pointer;
}
button:hover:enabled { background: var(--_faint); }
button:focus-visible { outline: 2px solid var(--_accent); outline-offset: 2px; }
button:disabled { opacity: 0.5; cursor: default; }
:host(:disabled) .surface { cursor: not-allowed; opacity: 0.5; }
.answer { flex: 1 1 220px; min-width: 0; max-width: 420px; }
.verdict { display: flex; align-items: center; gap: 16px; min-height: 92px; }
.digit { min-width: 1ch; color: var(--_accent); font-size: 4.5rem; font-weight: 300; line-height: 1; overflow-wrap: anywhere; }
.digit:empty { display: none; }
.digit.name { font-size: 2rem; }
.digit.unsure { color: var(--_soft); }
.caption { flex: 1; min-width: 0; }
.failed { padding-left: 10px; border-left: 3px solid #c0492c; }
.seen { width: 84px; height: 84px; border: 1px solid var(--_line); border-radius: 2px; image-rendering: pixelated; }
.bars { margin: 8px 0 0; padding: 0; list-style: none; font-variant-numeric: tabular-nums; }
.bars li { display: grid; grid-template-columns: minmax(1ch, max-content) minmax(0, 1fr) 4.5em; align-items: center; gap: 10px; }
.named .bars li { grid-template-columns: minmax(4em, 30%) minmax(0, 1fr) 4.5em; }
.track { height: 8px; border-radius: 4px; background: var(--_faint); overflow: hidden; }
.fill { display: block; height: 100%; background: var(--_soft); transform: scaleX(var(--share, 0)); transform-origin: 0 0; }
.best { font-weight: 600; }
.best .fill { background: var(--_accent); }
.share { text-align: right; white-space: nowrap; }
.unseen { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (prefers-reduced-motion: no-preference) { .fill { transition: transform 0.15s; } }
@media (forced-colors: active) { .fill { background: CanvasText; } }
`;
