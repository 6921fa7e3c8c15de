// Epochs that the thread does ahead of JavaScript. Waking JavaScript's thread after each epoch and then the training thread takes as long as half an epoch of a small
// network. So one run does several rounds (an epoch of training, then one on each validation set), and the next run begins before JavaScript has handled these epochs.
// JavaScript gets one epoch after another, and random numbers, loaders and counters advance with each epoch that it gets. If the work after an epoch may change the
// next one, the rounds are speculative: the thread makes a snapshot after each, and rounds that were begun with wrong assumptions are rolled back.
import type { DataLoader } from '../data/loader';
import type { Limits, LoopReport } from '../native';
import type { RandomPosition } from '../random';
import { freeTurn } from './event-loop-turns';
import type { ExpectedNumbers, LiveOfLoops, RunLimits } from './live-numbers';
import type { Phase } from './phase';
import type { RandomStream } from './random-stream';
import type { ScheduledRates, SimulatedRates } from './scheduled-rates';
import { type Segment, sum } from './segment';
import type { Session } from './session';
import { matchesStart, type SimulatedRound, simulateRounds, stepCounts } from './simulated-rounds';

// JavaScript handles so many rounds in about a millisecond.
const maxRounds = 32;

/** How far a fit may run ahead. */
export interface AheadOptions {
  /** The number of rounds that are left. */
  maxRounds: number;
  rates: ScheduledRates;
  /** Whether the work after an epoch may change the next one, so that rounds may have to be rolled back. */
  mayRollBack: boolean;
}

/** The engine, as the rounds need it. */
export interface RoundsHost {
  readonly phases: readonly Phase[];
  readonly stream: RandomStream;
  /** The recordings, if they exist and are still valid, and the engine is not stopped. */
  readonly validSession: Session | null;
  /** Counts what a run did. The returned function returns the run's segment, or throws the error with which the run has ended. */
  count(phase: number, session: Session, report: LoopReport): () => Segment;
}

/** The state that was assumed for the beginning of an epoch. */
interface ExpectedStart {
  rates: SimulatedRates;
  numbers: ExpectedNumbers;
  /** The position of the random numbers. */
  offset: number;
  /** The number of epochs that each loader has begun. */
  epochs: readonly number[];
}

/** An epoch of one phase that is done, and that JavaScript has not got yet; `round` is the number of its round. */
interface FinishedRun extends ExpectedStart {
  phase: number;
  report: LoopReport;
  round: number;
}

const loaderOf = ({ loader }: Phase): DataLoader<unknown> => loader as DataLoader<unknown>;

export class RoundsAhead {
  private readonly finished: FinishedRun[] = [];
  private running: Promise<void> | null = null;
  /** The assumed state at the beginning of the run under way. */
  private startOfRunning: ExpectedStart | null = null;
  private failure: { reason: unknown } | null = null;
  /** The simulated rounds of the run under way, and those that follow if its assumptions hold. */
  private simulated: readonly SimulatedRound[] = [];
  /** The number of rounds that may still be begun. */
  private roundsLeft: number;
  /** The error of a run whose epochs JavaScript did not get, because the fit has ended. */
  unreportedError: string | null = null;
  /** Whether no run may begin, because callbacks have the model. */
  isPaused = false;
  /** The number of rounds of a run that pays: it falls when rounds are rolled back. Below 2 no rounds are done ahead. */
  private worthwhileRounds: number;

  /** Begins the first run, if the rounds can be simulated. */
  constructor(
    private readonly host: RoundsHost,
    private readonly session: Session,
    private readonly limits: Limits,
    private readonly ahead: AheadOptions,
    before: RoundsAhead | null,
  ) {
    this.roundsLeft = ahead.maxRounds;
    this.worthwhileRounds = before?.worthwhileRounds ?? maxRounds;
    this.beginRun();
  }

  /** Whether a run is under way, or there is an epoch or an error that JavaScript has not got. */
  get hasPending(): boolean {
    return this.finished.length > 0 || this.running !== null || this.failure !== null;
  }

  /** Whether a run is under way. */
  get isRunning(): boolean {
    return this.running !== null;
  }

  /** Whether the next epoch began with the present rates, random numbers and loaders. */
  get isNextExpected(): boolean {
    const next = this.finished[0] ?? this.startOfRunning;
    if (next === null || !this.ahead.mayRollBack || this.session.snapshots!.visibleRound === null) return true;
    const { phases, stream } = this.host;
    const { seed, offset } = stream.position;
    const isThere =
      seed === next.numbers.random.seed &&
      offset === next.offset &&
      phases.every((phase, i) => loaderOf(phase).epochsBegun === next.epochs[i]);
    return isThere && next.rates.matches();
  }

  /** Whether callbacks, which had the model, have changed nothing that the next epoch depends on. */
  get isStateUnchanged(): boolean {
    const { session, host } = this;
    const next = this.finished[0] ?? this.startOfRunning;
    try {
      return (
        next !== null &&
        host.validSession === session &&
        session.snapshots!.isMemoryUnchanged &&
        session.matchesNumbers(next.numbers, host.stream.position)
      );
    } catch {
      return false; // an option that the next step will refuse: that step throws
    }
  }

  /** The next epoch, if `hasPending`. */
  async next(): Promise<Segment> {
    if (this.finished.length === 0) await this.running;
    else await freeTurn();
    const part = this.finished.shift();
    if (part === undefined) throw this.failure!.reason;
    const segment = this.countRun(part);
    if (part.phase === 0)
      this.worthwhileRounds = Math.min(maxRounds, this.worthwhileRounds < 2 ? this.worthwhileRounds + 1 / 16 : 1.1 * this.worthwhileRounds);
    this.beginNextRun();
    return { ...segment(), seconds: part.report.seconds };
  }

  /** Begins the next run, unless one is under way or enough epochs wait for JavaScript. */
  beginNextRun(): void {
    if (this.running !== null || this.roundsLeft === 0 || this.isPaused || this.worthwhileRounds < 2) return;
    if (this.finished.filter(({ phase }) => phase === 0).length > this.roundLimit) return;
    try {
      // If user code has changed a tensor that steps only read, snapshots would not have the new values: no further run begins until JavaScript has got all rounds.
      if (!this.ahead.mayRollBack) this.session.refresh();
      else if (this.session.isStale) this.roundsLeft = 0;
      if (this.roundsLeft > 0) this.beginRun();
    } catch {
      this.roundsLeft = 0; // the step that comes next throws the error
    }
  }

  /** Called when the fit ends: counts the epochs that are done, or discards them if they are speculative. Null if nothing has to be awaited. */
  settle(): Promise<void> | null {
    if (this.ahead.mayRollBack) return this.cancel();
    const countAll = (): void => {
      for (const part of this.finished.splice(0)) {
        this.countRun(part);
        if (part.report.end === 'refused') this.unreportedError = part.report.message!;
      }
    };
    if (this.running !== null) return this.running.then(countAll);
    countAll();
    return null;
  }

  /** Rolls back all epochs that JavaScript has not got. Null if nothing has to be awaited. */
  rollBack(): Promise<void> | null {
    this.worthwhileRounds = Math.max(1, this.worthwhileRounds / 4);
    const cancelling = this.cancel();
    const rollBack = (): void => this.session.snapshots?.rollBack();
    if (cancelling !== null) return cancelling.then(rollBack);
    rollBack();
    return null;
  }

  private cancel(): Promise<void> | null {
    this.isPaused = true;
    const forget = (): void => {
      this.finished.length = 0;
      this.failure = null;
    };
    forget();
    if (this.running === null) return null;
    this.session.stop();
    return this.running.then(forget);
  }

  private get roundLimit(): number {
    return Math.min(this.worthwhileRounds, this.ahead.mayRollBack ? this.session.keepSnapshots(maxRounds).maxRounds : maxRounds);
  }

  // Begins the run that follows the finished epochs.
  private beginRun(): void {
    const { finished, session, ahead, limits } = this;
    const { phases, stream, validSession } = this.host;
    const rounds = Math.min(this.roundsLeft, Math.floor(this.roundLimit));
    const left = this.roundsLeft - rounds;
    this.roundsLeft = 0;
    const loaders = phases.map(loaderOf);
    const areRows = phases.every(({ rows, batch }, phase) => rows !== null && (phase === 0 || batch === 0));
    const areSeparate = new Set(loaders).size === loaders.length; // a loader that is given twice counts the epochs of both
    if (validSession !== session || rounds === 0 || !areRows || !areSeparate) return;
    const { seed, offset: present } = stream.position;
    const offset = finished.at(-1)?.report.randomOffset ?? present;
    const total = (phase: number, count: (report: LoopReport) => number): number =>
      sum(finished.map((part) => (part.phase === phase ? count(part.report) : 0)));
    const epochs = loaders.map(({ epochsBegun }, phase) => epochsBegun + total(phase, ({ orders }) => orders));
    const ended = phases[0]!.epochsDone + total(0, ({ epochLossSums }) => epochLossSums.length);
    const random = { seed, offset };
    const from = { ...limits, random };
    const { rates, live, simulated } = this.simulateStarts(from, ended, rounds);
    if (live.length === 0) return;
    const first = (finished.at(-1)?.round ?? session.snapshots?.visibleRound ?? -1) + 1;
    const running = session.runRounds(from, epochs, live, simulated, ahead.mayRollBack ? first : null);
    const startOf = (round: number, steps: readonly (readonly number[])[]) => ({
      rates: rates[round]!,
      numbers: { live: live[round]!, random, steps, simulated: simulated?.[round] ?? null },
    });
    const none = phases.map((_, phase) => session.kinds(phase).map(() => 0));
    this.startOfRunning = { ...startOf(0, none), offset, epochs };
    this.running = running.then(
      (reports) => {
        const { complete, goesOn } = this.collect(reports, startOf, first, this.startOfRunning!);
        [this.running, this.startOfRunning] = [null, null];
        if (goesOn) this.roundsLeft = left + rounds - complete;
        this.beginNextRun();
      },
      (reason: unknown) => {
        [this.running, this.startOfRunning, this.failure] = [null, null, { reason }];
      },
    );
    if (simulated !== null) this.simulateFurther(simulated, ended, Math.min(left + rounds - simulated.length, Math.floor(this.roundLimit)));
  }

  // The rates and live numbers at the beginning of the next rounds, when `ended` epochs and more have ended. There are fewer than `rounds` if a simulation is not possible.
  private simulateStarts(
    from: RunLimits,
    ended: number,
    rounds: number,
  ): { rates: readonly SimulatedRates[]; live: LiveOfLoops[]; simulated: readonly SimulatedRound[] | null } {
    const { finished, session } = this;
    if (this.ahead.rates.arePerStep) {
      const simulated = this.nextSimulated(ended, rounds);
      const live = simulated.length === 0 ? null : session.liveOfLoops(from, true);
      return { rates: simulated.map((round) => round.rates), live: live === null ? [] : simulated.map(() => live), simulated };
    }
    const rates: SimulatedRates[] = [];
    const live: LiveOfLoops[] = [];
    const { after, restore } = this.ahead.rates.simulateEpochs();
    try {
      session.withCounted(finished, () => {
        for (let round = 0; round < rounds; round++) {
          const next = after(ended + round);
          const own = next === rates.at(-1) ? live.at(-1)! : session.liveOfLoops(from);
          if (own === null) break;
          rates.push(next);
          live.push(own);
        }
      });
    } catch (error) {
      if (live.length === 0) throw error; // otherwise the round that cannot be simulated throws the error when it is done
    } finally {
      restore();
    }
    return { rates, live, simulated: null };
  }

  // The next rounds with the numbers of their steps. Those that were simulated during the run before are used if they begin with the present state.
  private nextSimulated(ended: number, rounds: number): readonly SimulatedRound[] {
    const { finished, session, simulated } = this;
    const { stream, phases } = this.host;
    const offset = finished.at(-1)?.report.randomOffset ?? stream.position.offset;
    const last = finished.filter(({ phase }) => phase === 0).at(-1)?.numbers.simulated ?? null;
    return this.withStateAfter(ended, last, [], () => {
      const at = simulated.findIndex((round) => round.random.offset === offset && matchesStart(session.loops[0]!, round));
      if (at >= 0) return simulated.slice(at, at + rounds);
      return this.simulateFrom({ ...stream.position, offset }, last === null ? phases[0]!.batch : 0, rounds);
    });
  }

  // Simulates the rounds behind those of the run under way, `under`, until `rounds` of them are known.
  private simulateFurther(under: readonly SimulatedRound[], ended: number, rounds: number): void {
    const at = this.simulated.indexOf(under[0]!);
    const behind = at < 0 ? under : this.simulated.slice(at);
    const last = behind.at(-1)!;
    const missing = rounds - (behind.length - under.length);
    const further =
      missing > 0 ? this.withStateAfter(ended + behind.length, last, behind, () => this.simulateFrom(last.randomAfter, 0, missing)) : [];
    this.simulated = [...behind, ...further];
  }

  // Calls a function in the state after `ended` epochs, the last of which is `last`: the finished steps are counted, then those of the rounds `under`.
  private withStateAfter(
    ended: number,
    last: SimulatedRound | null,
    under: readonly SimulatedRound[],
    fn: () => readonly SimulatedRound[],
  ): readonly SimulatedRound[] {
    const { finished, session } = this;
    const steps = stepCounts(under, session.kinds(0).length);
    try {
      return this.ahead.rates.withStateAfter(ended, last?.rates ?? null, () =>
        session.withCounted([...finished, { phase: 0, report: { steps } }], fn),
      );
    } catch {
      return []; // the step that comes next throws the error
    }
  }

  private simulateFrom(random: RandomPosition, batch: number, rounds: number): readonly SimulatedRound[] {
    const { session, host } = this;
    const others = sum(host.phases.slice(1).map((_, i) => session.drawsOfEpoch(i + 1)));
    return simulateRounds(session.loops[0]!, random, batch, others, this.ahead.rates, rounds);
  }

  // Collects the reports of a run. Returns the number of complete rounds, and whether another run may follow.
  private collect(
    reports: readonly LoopReport[],
    startOf: (round: number, steps: readonly (readonly number[])[]) => Omit<ExpectedStart, 'offset' | 'epochs'>,
    first: number,
    begun: ExpectedStart,
  ) {
    const { length } = this.host.phases;
    let { offset, epochs } = begun;
    let { steps } = begun.numbers;
    for (const [i, report] of reports.entries()) {
      const [phase, round] = [i % length, Math.floor(i / length)];
      this.finished.push({ phase, report, round: first + round, ...startOf(round, steps), offset, epochs });
      offset = report.randomOffset;
      steps = steps.map((ofKinds, at) => (at === phase ? ofKinds.map((count, kind) => count + report.steps[kind]!) : ofKinds));
      epochs = epochs.map((count, at) => (at === phase ? count + report.orders : count));
    }
    const { end, counted, outputs } = reports.at(-1)!;
    const done = end === 'done' ? reports.length : reports.length - 1;
    const isBetween = end === 'done' || (end === 'time' && !this.ahead.mayRollBack); // there is no snapshot of the middle of an epoch
    const isCounted = outputs.length === 0 && (counted?.targets.byteLength ?? 0) === 0;
    return { complete: Math.floor(done / length), goesOn: isBetween && done % length === 0 && isCounted };
  }

  // Counts an epoch that JavaScript gets now.
  private countRun({ phase, report, round, rates, numbers }: FinishedRun): () => Segment {
    const { session, ahead } = this;
    const segment = this.host.count(phase, session, report);
    session.commit(phase, report);
    if (phase !== 0) return segment;
    const steps = sum(report.steps);
    if (numbers.simulated !== null) ahead.rates.countSimulated(numbers.simulated.rates, steps);
    else if (steps > 0) ahead.rates.reportSteps(rates.rates, steps);
    if (ahead.mayRollBack) session.snapshots!.visibleRound = report.epochLossSums.length > 0 ? round : null;
    return segment;
  }
}
