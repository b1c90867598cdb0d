declare module 'toasted-notifier' {
  /** The part that the agent uses; the package has no types of its own. */
  export class WindowsToaster {
    notify(
      options: {
        appID: string;
        id: string;
        title: string;
        message: string;
        actions: string[];
        wait: boolean;
      },
      answered: (error: Error | null, response: string, answer?: { activationType?: string }) => void,
    ): void;
  }
}
