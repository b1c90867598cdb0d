/** "My flows": what can be started, with a form for its inputs, what runs, and the setting of row K1. */
export const flowsScript = String.raw`
import { byId, call, follow, make, openModal, openWindow, say } from '/shared.js';
import { runList } from '/run-card.js';

const show = runList();
let wasOnline;

void follow(({ runs, mode, online }) => {
  show(runs);
  for (const radio of document.querySelectorAll('#mode input')) radio.checked = radio.value === mode;
  if (wasOnline === online) return;
  wasOnline = online;
  void showFlows();
});

async function showFlows() {
  try {
    const { flows } = await call('GET', 'flows');
    byId('no-flows').hidden = flows.length > 0;
    byId('flows').replaceChildren(...flows.map(flowCard));
  } catch (problem) {
    say(problem.message);
  }
}

function flowCard(flow) {
  const start = make('button', { type: 'button', className: 'main', textContent: 'Start' });
  start.setAttribute('aria-label', 'Start ' + flow.name);
  start.addEventListener('click', () => begin(flow));
  const text = [flow.version, flow.here ? '' : 'is fetched when it starts'].filter(Boolean).join(' · ');
  return make('li', { className: 'card' },
    make('div', {}, make('h3', { textContent: flow.name }), make('p', { className: 'quiet', textContent: text })),
    make('div', { className: 'buttons' }, start),
    make('p', { className: 'wide', textContent: flow.description ?? '', hidden: !flow.description }));
}

function begin(flow) {
  const required = new Set(flow.inputs?.required ?? []);
  const fields = Object.entries(flow.inputs?.properties ?? {}).map(([name, schema]) => field(name, schema, required.has(name)));
  const advice = make('p', { className: 'quiet', textContent: 'Do not interact with the device while the flow runs.' });
  const wrong = make('p', { className: 'problem', hidden: true });
  wrong.setAttribute('role', 'alert');
  const start = async () => {
    try {
      const inputs = Object.fromEntries(fields.map(({ read }) => read()).filter(([, value]) => value !== undefined));
      await call('POST', 'runs', { flow: flow.name, inputs });
      say(flow.name + ' was started.');
      return true;
    } catch (problem) {
      wrong.textContent = problem.message;
      wrong.hidden = false;
      return false;
    }
  };
  const title = fields.length > 0 ? 'Inputs of ' + flow.name : 'Start ' + flow.name;
  void openModal(title, [...fields.map(({ element }) => element), advice, wrong], [
    { label: 'Cancel', act: () => true },
    { label: 'Start', main: true, act: start },
  ]);
}

/** One input: its control by its type in the flow's JSON Schema; lists and objects are written as JSON. */
function field(name, schema, required) {
  const id = 'input-' + name;
  const hint = make('span', { className: 'quiet', id: id + '-hint', textContent: schema.description ?? '' });
  const input = Object.assign(control(schema), { id, required });
  input.setAttribute('aria-describedby', hint.id);
  const label = make('label', { htmlFor: id, textContent: (schema.title ?? name) + (required ? ' (required)' : '') });
  return {
    element: make('div', { className: 'field' }, label, input, hint),
    read: () => [name, valueOf(input, schema, name)],
  };
}

function control(schema) {
  if (schema.enum) {
    const options = schema.enum.map((value, at) =>
      make('option', { value: String(at), textContent: String(value), selected: value === schema.default }));
    return make('select', {}, make('option', { value: '', textContent: '' }), ...options);
  }
  const value = schema.default ?? '';
  switch (schema.type) {
    case 'boolean':
      return make('input', { type: 'checkbox', checked: value === true });
    case 'integer':
    case 'number':
      return make('input', { type: 'number', step: 'any', value });
    case 'array':
    case 'object':
      return make('textarea', { rows: 3, value: value === '' ? '' : JSON.stringify(value) });
    default:
      return make('input', { type: { date: 'date', password: 'password' }[schema.format] ?? 'text', value });
  }
}

/** Undefined: the input was left out. What is wrong with a value the agent says. */
function valueOf(input, schema, name) {
  if (input.type === 'checkbox') return input.checked;
  if (input.value === '') return undefined;
  if (schema.enum) return schema.enum[Number(input.value)];
  if (schema.type === 'number' || schema.type === 'integer') return Number(input.value);
  if (schema.type !== 'array' && schema.type !== 'object') return input.value;
  try {
    return JSON.parse(input.value);
  } catch {
    throw new Error(name + ' has to be JSON.');
  }
}

byId('mode').addEventListener('change', async ({ target }) => {
  await call('PUT', 'notifications', { mode: target.value });
  say('Saved.');
});
byId('open-monitor').addEventListener('click', (event) => {
  event.preventDefault();
  void openWindow('/monitor');
});
`;
