/**
 * Variables of the agent that desktop flows get. A list of what passes, not of what does not: the agent's environment may
 * hold tokens of any name.
 */
const passed = new Set(
  [
    'PATH HOME USER LOGNAME SHELL LANG LANGUAGE TZ TMPDIR TEMP TMP TERM',
    'DISPLAY WAYLAND_DISPLAY XAUTHORITY DBUS_SESSION_BUS_ADDRESS',
    'SYSTEMROOT SYSTEMDRIVE WINDIR COMSPEC PATHEXT USERPROFILE USERNAME USERDOMAIN APPDATA LOCALAPPDATA PROGRAMDATA',
    'PROGRAMFILES PROGRAMFILES(X86) COMMONPROGRAMFILES HOMEDRIVE HOMEPATH PUBLIC NUMBER_OF_PROCESSORS',
  ].flatMap((line) => line.split(' ')),
);
const passedPrefixes = ['LC_', 'XDG_'];

export function flowEnvironment(
  own: NodeJS.ProcessEnv,
  added: Record<string, string>,
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(own)) {
    const upper = name.toUpperCase();
    const passes = passed.has(upper) || passedPrefixes.some((prefix) => upper.startsWith(prefix));
    if (passes && value !== undefined) env[name] = value;
  }
  return { ...env, ...added };
}
