import { graphql } from '../api/graphql.ts';

/** Cancels a run. */
export const CancelRun = graphql(`
  mutation CancelRun($id: ID!) {
    cancelRun(id: $id) {
      id
      status
    }
  }
`);

/** Does the work of a run again, as a new one. */
export const ReplayRun = graphql(`
  mutation ReplayRun($id: ID!, $fromCheckpoint: Int) {
    replayRun(id: $id, fromCheckpoint: $fromCheckpoint) {
      id
      status
    }
  }
`);

/** Puts a dead letter back into the queue. */
export const ReplayDeadLetter = graphql(`
  mutation ReplayDeadLetter($id: ID!) {
    replayDeadLetter(id: $id) {
      id
      status
    }
  }
`);

/** Moves the start of a run. */
export const RescheduleRun = graphql(`
  mutation RescheduleRun($id: ID!, $input: RescheduleRunInput!) {
    rescheduleRun(id: $id, input: $input) {
      id
      status
    }
  }
`);

/** Stops the process of a run until it is resumed. */
export const PauseRun = graphql(`
  mutation PauseRun($id: ID!) {
    pauseRun(id: $id) {
      id
      status
    }
  }
`);

/** Lets a paused run go on. */
export const ResumeRun = graphql(`
  mutation ResumeRun($id: ID!) {
    resumeRun(id: $id) {
      id
      status
    }
  }
`);

/** Starts the process of a run anew. */
export const RestartRun = graphql(`
  mutation RestartRun($id: ID!, $machinePreset: MachinePreset) {
    restartRun(id: $id, machinePreset: $machinePreset) {
      id
      status
    }
  }
`);

/** Switches whether exchanges with the executor are kept. */
export const SetDebugMode = graphql(`
  mutation SetDebugMode($id: ID!, $enabled: Boolean!) {
    setDebugMode(id: $id, enabled: $enabled) {
      id
      debugMode
    }
  }
`);

/** What a run was triggered with. */
export const TriggeredWith = graphql(`
  query TriggeredWith($id: ID!) {
    run(id: $id) {
      jobId
      payload
      tags
      metadata
      priority
      concurrencyKey
      maxAttemptsOverride
      timeoutSecsOverride
      retryBackoff
      retryInitialDelaySecs
      retryMaxDelaySecs
    }
  }
`);
