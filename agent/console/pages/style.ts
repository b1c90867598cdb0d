export const style = `
:root { color-scheme: light dark; --line: light-dark(#c6ccd4, #48505c); --soft: light-dark(#f4f6f8, #20252c);
  --text: light-dark(#1b1f24, #e9edf2); --quiet: light-dark(#505965, #a9b3c0); --accent: light-dark(#0b57d0, #8ab4f8);
  --on-accent: light-dark(#fff, #10151c); --bad: light-dark(#a8200d, #ffb4a8); --good: light-dark(#14692f, #8fd8a4); }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.45 system-ui, sans-serif; color: var(--text); background: light-dark(#fff, #16191e); }
header, main { max-width: 46rem; margin: 0 auto; padding: 0 1rem; }
header { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 0 1rem; padding-top: .75rem; }
h1 { font-size: 1.35rem; margin: 0; } h2 { font-size: 1.05rem; margin: 1.5rem 0 .5rem; } h3 { font-size: 1rem; margin: 0; }
p { margin: .25rem 0; } #connection, .quiet { color: var(--quiet); }
.cards { list-style: none; margin: .5rem 0; padding: 0; display: grid; gap: .5rem; }
.card { border: 1px solid var(--line); border-radius: 8px; background: var(--soft); padding: .6rem .75rem;
  display: grid; grid-template-columns: 1fr auto; gap: .25rem 1rem; align-items: start; overflow-wrap: anywhere; }
.card .wide { grid-column: 1 / -1; }
.buttons { display: flex; flex-wrap: wrap; gap: .4rem; }
button { font: inherit; padding: .25rem .75rem; min-height: 2rem; border: 1px solid var(--line); border-radius: 6px;
  background: light-dark(#fff, #2a3038); color: inherit; cursor: pointer; }
button.main { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
button:disabled { opacity: .55; cursor: default; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
[hidden] { display: none !important; }
.state { font-weight: 600; } .Failed .state, .problem { color: var(--bad); } .Succeeded .state { color: var(--good); }
progress { width: 100%; accent-color: var(--accent); }
fieldset { border: 1px solid var(--line); border-radius: 8px; display: grid; gap: .3rem; }
dialog { border: 1px solid var(--line); border-radius: 10px; padding: 1rem 1.25rem; width: min(32rem, 92vw); color: inherit;
  background: light-dark(#fff, #20252c); }
dialog h2 { margin-top: 0; }
dialog::backdrop, #veil { background: rgb(0 0 0 / .45); }
dialog form { display: grid; gap: .75rem; } dialog .buttons { justify-content: flex-end; }
.field { display: grid; gap: .2rem; } .field input:not([type=checkbox]), .field select, .field textarea {
  font: inherit; padding: .35rem .5rem; width: 100%; border: 1px solid var(--line); border-radius: 6px; background: transparent; color: inherit; }
.field input[type=checkbox] { justify-self: start; width: 1.1rem; height: 1.1rem; }
#veil { position: fixed; inset: 0; display: grid; place-items: center; }
#veil p { background: var(--soft); padding: 1rem; border-radius: 8px; }
a { color: var(--accent); }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
`;
