/** Program, arguments and additional variables that execute a desktop flow. */
export interface FlowCommand {
  program: string;
  args: string[];
  env?: Record<string, string>;
}
