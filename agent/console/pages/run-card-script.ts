/** A list of runs that is changed in place, so that the focus stays where it is. */
export const runCardScript = String.raw`
import { byId, call, make, say } from '/shared.js';

const words = { Waiting: 'waiting for its turn', Running: 'running', Paused: 'paused', Stopping: 'stopping',
  Succeeded: 'finished', Failed: 'failed', Stopped: 'stopped' };
const controls = {
  Waiting: [['stop', 'Cancel']],
  Running: [['pause', 'Pause'], ['stop', 'Stop']],
  Paused: [['resume', 'Resume'], ['stop', 'Stop']],
};

function detailsOf({ flow, run, since, endedAt, error }) {
  const { code, message, subCode, details } = error;
  return ['Flow: ' + flow, 'Run: ' + run, 'Started: ' + since, 'Ended: ' + endedAt, 'Code: ' + code, 'Message: ' + message,
    subCode && 'Sub-code: ' + subCode, details && 'Details: ' + details].filter(Boolean).join('\n');
}

class RunCard {
  constructor({ run, flow }) {
    const title = make('h3', { textContent: flow, id: 'run-' + run });
    this.flow = flow;
    this.state = make('span', { className: 'state' });
    this.place = make('span', { className: 'quiet' });
    this.bar = make('progress', { max: 100, className: 'wide' });
    this.bar.setAttribute('aria-label', 'Progress of ' + flow);
    this.message = make('p', { className: 'wide quiet' });
    this.problem = make('p', { className: 'wide problem' });
    this.buttons = make('div', { className: 'buttons' });
    const first = make('div', {}, title, make('p', {}, this.state, this.place));
    this.element = make('li', {}, first, this.buttons, this.bar, this.message, this.problem);
    this.element.setAttribute('aria-labelledby', title.id);
  }

  show(run) {
    const { state, subflow, action, percent, message, error, endedAt, origin, here } = run;
    this.element.className = 'card ' + state;
    const at = endedAt ? '' : [subflow, action].filter(Boolean).join(' › ');
    const from = origin === 'portal' ? 'from the portal' : here ? 'without the control plane' : '';
    this.state.textContent = words[state];
    this.place.textContent = [at, from].filter(Boolean).map((text) => ' · ' + text).join('');
    this.bar.hidden = percent === undefined || endedAt !== undefined;
    this.bar.value = percent ?? 0;
    put(this.message, endedAt ? '' : message);
    if (this.shown === state) return;
    put(this.problem, error && state !== 'Stopped' ? error.code + ': ' + error.message : '');
    if (this.shown) say(this.flow + ' is ' + words[state] + '.');
    this.shown = state;
    this.showButtons(run);
  }

  showButtons(run) {
    const focused = this.buttons.contains(document.activeElement);
    const buttons = (controls[run.state] ?? []).map(([what, label]) =>
      this.button(label, () => call('POST', 'runs/' + run.run, { what })));
    if (run.state === 'Failed' && run.error) {
      buttons.push(this.button('Copy error details', async () => {
        await navigator.clipboard.writeText(detailsOf(run));
        say('The error details are on the clipboard.');
      }));
    }
    this.buttons.replaceChildren(...buttons);
    if (focused) buttons[0]?.focus();
  }

  button(label, act) {
    const element = make('button', { type: 'button', textContent: label });
    element.setAttribute('aria-label', label + ': ' + this.flow);
    let busy = false;
    element.addEventListener('click', async () => {
      // Not disabled meanwhile: it would lose the focus.
      if (busy) return;
      busy = true;
      try {
        await act();
      } catch (error) {
        put(this.problem, error.message);
        say(error.message);
      }
      busy = false;
    });
    return element;
  }
}

function put(element, text) {
  element.textContent = text ?? '';
  element.hidden = !text;
}

/** @returns a function that shows these runs, in this order. */
export function runList() {
  const list = byId('runs');
  const cards = new Map();
  return (runs) => {
    byId('no-runs').hidden = runs.length > 0;
    const wanted = new Set(runs.map(({ run }) => run));
    for (const [run, { element }] of cards) {
      if (wanted.has(run)) continue;
      element.remove();
      cards.delete(run);
    }
    runs.forEach((run, at) => {
      const card = cards.get(run.run) ?? new RunCard(run);
      cards.set(run.run, card);
      card.show(run);
      if (list.children[at] !== card.element) list.insertBefore(card.element, list.children[at] ?? null);
    });
  };
}
`;
