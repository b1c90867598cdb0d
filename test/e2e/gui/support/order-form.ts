/** A window with two fields that writes what was entered to a file, and turns green; a program as people fill them in. */
export const ORDER_FORM = `
import json, os, tkinter
window = tkinter.Tk()
window.title('Order')
window.geometry('400x200+100+100')
window.configure(bg='#dddddd')
fields = [tkinter.Entry(window), tkinter.Entry(window)]
for field in fields:
    field.pack(pady=10)

def save(_event=None):
    with open('order.json.next', 'w') as file:
        json.dump([field.get() for field in fields], file)
    os.rename('order.json.next', 'order.json')
    window.configure(bg='#22aa44')

tkinter.Button(window, text='Save', command=save).pack()
window.bind('<Return>', save)
fields[0].focus_force()
window.mainloop()
`;

/** Opens the form and fills it in by keyboard, as a person would; \`inputs.end\` says how it goes on. */
export const FILL_ORDER = `
const { execFileSync, spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const attendant = require('attendant');
const xdotool = (...args) => execFileSync('xdotool', args, { encoding: 'utf8', timeout: 60000 }).trim();
const until = (done) => {
  while (!done()) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
};

attendant.progress({ subflow: 'Main', action: 'Open the form' });
spawn('/usr/bin/python3', [path.join(__dirname, 'form.py')], { stdio: 'inherit' });
const window = xdotool('search', '--sync', '--onlyvisible', '--name', '^Order$').split('\\n')[0];
xdotool('windowfocus', '--sync', window);
attendant.progress({ subflow: 'Main', action: 'Fill in' });
xdotool('type', '--delay', '5', attendant.inputs.customer);
xdotool('key', 'Tab');
xdotool('type', '--delay', '5', attendant.inputs.amount);
if (attendant.inputs.end === 'fail') throw new Error('the amount is not known here');
setTimeout(() => {
  xdotool('key', 'Return');
  until(() => fs.existsSync('order.json'));
  const [customer, amount] = JSON.parse(fs.readFileSync('order.json', 'utf8'));
  attendant.outputs({ customer, amount, user: require('node:os').userInfo().username, display: process.env.DISPLAY });
  process.exit(0);
}, attendant.inputs.end === 'slow' ? 2000 : 0);
`;
