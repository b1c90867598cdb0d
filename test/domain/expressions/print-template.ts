import type { ExpressionNode, Template } from '../../../domain/expressions/syntax';

/** The string that `parseTemplate` makes this of. */
export function printTemplate(template: Template): string {
  switch (template.kind) {
    case 'text':
      return template.text.startsWith('@') ? `@${template.text}` : template.text.replaceAll('@{', '@@{');
    case 'value':
      return `@${printNode(template.value)}`;
    case 'parts':
      return template.parts
        .map((part) => (typeof part === 'string' ? part.replaceAll('@{', '@@{') : `@{${printNode(part)}}`))
        .join('');
  }
}

function printNode(node: ExpressionNode): string {
  switch (node.type) {
    case 'literal':
      if (typeof node.value === 'string') return `'${node.value.replaceAll("'", "''")}'`;
      return node.float && Number.isInteger(node.value) ? `${String(node.value)}.0` : String(node.value);
    case 'call':
      return `${node.name}(${node.values.map(printNode).join(', ')})`;
    case 'path':
      return node.steps.reduce(
        (text, { key, optional }) => `${text}${optional ? '?' : ''}[${printNode(key)}]`,
        printNode(node.root),
      );
  }
}
