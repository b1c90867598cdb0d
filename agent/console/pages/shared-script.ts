/** What both pages need: who asks, the live state, modal dialogs. */
export const sharedScript = String.raw`
const TOKEN = 'attendant-token';
const MODAL = 'attendant-modal';
const channel = new BroadcastChannel(MODAL);

export const byId = (id) => document.getElementById(id);

export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

export function say(text) { byId('spoken').textContent = text; }

class Problem extends Error {
  constructor(status, { detail, title, remedy }) {
    super([detail ?? title, remedy].filter(Boolean).join(' '));
    this.status = status;
  }
}

/** The address that the page was opened with holds a ticket in its fragment, good once. */
async function enter() {
  const ticket = location.hash.slice(1);
  if (!ticket) return;
  history.replaceState(null, '', location.pathname);
  const { token } = await call('POST', 'session', { ticket });
  sessionStorage.setItem(TOKEN, token);
}

async function request(method, path, body) {
  const token = sessionStorage.getItem(TOKEN);
  const headers = { ...(token ? { authorization: 'Bearer ' + token } : {}), ...(body ? { 'content-type': 'application/json' } : {}) };
  const response = await fetch('/api/' + path, { method, headers, body: body && JSON.stringify(body) });
  if (!response.ok) throw new Problem(response.status, await response.json());
  return response;
}

export async function call(method, path, body) {
  const response = await request(method, path, body);
  return response.status === 204 ? undefined : response.json();
}

/** Another window of this person, which gets a ticket of its own. */
export async function openWindow(path) {
  const opened = window.open('about:blank', 'attendant-monitor', 'popup,width=560,height=640');
  const { ticket } = await call('POST', 'tickets');
  if (opened) opened.location = path + '#' + ticket;
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Tells the whole state whenever it changes, until the agent knows this window no more. */
export async function follow(changed) {
  try {
    await enter();
  } catch (problem) {
    return outOfDate(problem);
  }
  for (;;) {
    try {
      const response = await request('GET', 'events');
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = '';
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        const events = (rest + value).split('\n\n');
        rest = events.pop();
        for (const event of events) tell(JSON.parse(event.slice('data: '.length)));
      }
    } catch (problem) {
      if (problem.status === 401) return outOfDate(problem);
    }
    byId('connection').textContent = 'The agent does not answer.';
    await pause(1000);
  }

  function tell(state) {
    const { machine, user, online } = state;
    byId('connection').textContent = user + ' on ' + machine + (online ? '' : ' · cut off from the control plane');
    changed(state);
  }
}

/** Row K4, "update available": the agent that this window belongs to is gone. */
function outOfDate(problem) {
  sessionStorage.removeItem(TOKEN);
  const text = 'The agent was updated or restarted, or this address was used before. ' + problem.message;
  return openModal('This window is out of date', [make('p', { textContent: text })], []);
}

/**
 * Row K4: shows a dialog; until it is closed nothing else of this window can be used, nor of the person's other windows. A button is
 * { label, act, main }; the dialog closes unless act answers false. One without buttons stays.
 */
export function openModal(title, content, buttons) {
  const heading = make('h2', { id: 'dialog-title', textContent: title, tabIndex: -1 });
  const row = make('div', { className: 'buttons' });
  const form = make('form', { method: 'dialog', noValidate: true }, heading, ...content, row);
  const dialog = make('dialog', {}, form);
  dialog.setAttribute('aria-modal', 'true');
  dialog.setAttribute('aria-labelledby', heading.id);
  for (const { label, act, main } of buttons) {
    const button = make('button', { type: main ? 'submit' : 'button', textContent: label, className: main ? 'main' : '' });
    button.addEventListener('click', async (event) => {
      event.preventDefault();
      button.disabled = true;
      const stays = (await act()) === false;
      button.disabled = false;
      if (!stays) dialog.close();
    });
    row.append(button);
  }
  const stays = buttons.length === 0;
  if (stays) dialog.addEventListener('cancel', (event) => event.preventDefault());
  const before = document.activeElement;
  byId('window').inert = true;
  document.body.append(dialog);
  dialog.showModal();
  const closed = new Promise((resolve) => dialog.addEventListener('close', resolve));
  // Other windows wait for the lock; it goes with this window, however that ends.
  const held = stays || navigator.locks.request(MODAL, () => {
    channel.postMessage('open');
    return closed;
  });
  return closed.then(async () => {
    dialog.remove();
    byId('window').inert = false;
    before?.focus?.();
    await held;
  });
}

async function standBack() {
  const { held } = await navigator.locks.query();
  if (!held.some(({ name }) => name === MODAL) || document.querySelector('dialog')) return;
  byId('window').inert = true;
  byId('veil').hidden = false;
  await navigator.locks.request(MODAL, { mode: 'shared' }, () => undefined);
  byId('veil').hidden = true;
  byId('window').inert = document.querySelector('dialog') !== null;
}
channel.addEventListener('message', standBack);
void standBack();
`;
