/** Topics of one robot; the original's are `action` and `telemetry`. */
export function topicsOf(thing: string) {
  const shadow = `$aws/things/${thing}/shadow`;
  return {
    action: `${thing}/action`,
    telemetry: `${thing}/telemetry`,
    status: `${thing}/status`,
    /** The classic (unnamed) shadow. `documents` brings the whole document with every update. */
    shadow: {
      get: `${shadow}/get`,
      getAccepted: `${shadow}/get/accepted`,
      getRejected: `${shadow}/get/rejected`,
      update: `${shadow}/update`,
      updateRejected: `${shadow}/update/rejected`,
      documents: `${shadow}/update/documents`,
    },
  } as const;
}

export type Topics = ReturnType<typeof topicsOf>;
