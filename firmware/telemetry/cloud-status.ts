/** How the link to the cloud is doing, for state, metrics and telemetry. */
export interface CloudStatus {
  readonly state: 'connecting' | 'connected';
  /** Since when, by the robot's wall clock. */
  readonly sinceMs: number;
  /** Connections made since the start. */
  readonly connections: number;
  /** Why it is not connected, or was not before; null when it never failed. */
  readonly lastError: string | null;
  readonly commands: {
    readonly received: number;
    /** Turned away, for whatever reason. */
    readonly refused: number;
  };
  readonly telemetry: {
    readonly published: number;
    readonly buffered: number;
    /** Lost because the buffer was full. */
    readonly dropped: number;
  };
}
