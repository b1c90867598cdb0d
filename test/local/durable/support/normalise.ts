/** Removes from a payload what differs from run to run: times, ids (numbered by first appearance) and .NET stack traces. */
export function normalise(text: string): string {
  const ids = new Map<string, string>();
  return text
    .replace(/\{\\+"\$type\\+":\\+"System\.Exception.*?WatsonBuckets\\+":null\}/g, '<exception>')
    .replace(/, StackTrace: .*?(?=\\*"[,}])/g, ', <stack>')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?(Z|\+00:00)/g, '<time>$2')
    .replace(/[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}/g, (id) => {
      const known = ids.get(id) ?? `<id ${ids.size + 1}${id.includes('-') ? '' : ' plain'}>`;
      ids.set(id, known);
      return known;
    });
}
