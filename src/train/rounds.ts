// Epochs that a thread does ahead of JavaScript. Waking JavaScript after each epoch, and then the thread, takes as long as half an epoch of a small network. So
// one run does several rounds (an epoch of training, then one on each validation set), and the next run begins before JavaScript has handled those epochs. JavaScript
// is handed one epoch after the other, and random numbers, loaders and counters stand where it is. If what follows an epoch may decide about the next one, the thread
// keeps what steps change after each round: where a decision turns out otherwise than was assumed, or the fit ends, all that was done behind it is taken back.
import type { DataLoader } from '../data/loader';
import type { Limits, LoopReport } from '../native';
import type { RandomPosition } from '../random';
import type { LiveOfLoops, NumbersLater, RunLimits } from './numbers';
import type { Phase } from './phase';
import type { Foreseen, RatesOfSteps } from './rates';
import { type Segment, sum } from './segment';
import type { Session } from './session';
import type { RandomStream } from './stream';
import { begins, stepsOf, type ToldRound, tellRounds } from './told-rounds';
import { ownTurn } from './turns';

// So few that JavaScript takes a millisecond for what it is given at once.
const mostRounds = 32;

/** What a fit does ahead: at most so many rounds, whose rates are foreseen; whether what follows an epoch may decide about the next. */
export interface Ahead {
  rounds: number;
  rates: RatesOfSteps;
  decides: boolean;
}

/** What the rounds are of. */
export interface RoundsOf {
  readonly phases: readonly Phase[];
  readonly stream: RandomStream;
  /** The recordings, if they exist and are still valid, and the engine is not stopped. */
  readonly validSession: Session | null;
  /** Counts what a run did; the result is its segment, and throws where the run has ended with an error. */
  count(phase: number, session: Session, report: LoopReport): () => Segment;
}

/** With what an epoch was foreseen to begin. */
interface Beginning {
  foreseen: Foreseen;
  numbers: NumbersLater;
  /** Where its random numbers begin. */
  offset: number;
  /** The epochs that each loader has begun. */
  epochs: readonly number[];
}

/** A run of one phase that was done ahead, and the number of its round. */
interface RunAhead extends Beginning {
  phase: number;
  report: LoopReport;
  round: number;
}

const loaderOf = ({ loader }: Phase): DataLoader<unknown> => loader as DataLoader<unknown>;

export class Rounds {
  private readonly done: RunAhead[] = [];
  private running: Promise<void> | null = null;
  /** Where the run under way has begun. */
  private coming: Beginning | null = null;
  private failure: { reason: unknown } | null = null;
  /** What the steps of the run under way were told, and those of the rounds that probably follow. */
  private known: readonly ToldRound[] = [];
  /** The rounds that may be begun yet. */
  private left: number;
  /** The error that a run has ended with, where nobody was handed it. */
  refused: string | null = null;
  /** Whether no run begins, because others have the model. */
  isPaused = false;
  /** The rounds of a run that are worthwhile: few where they are often taken back; with less than two none are done ahead. */
  private trust: number;

  /** Begins the first run, if the rounds can be foreseen. */
  constructor(
    private readonly of: RoundsOf,
    private readonly session: Session,
    private readonly limits: Limits,
    private readonly ahead: Ahead,
    before: Rounds | null,
  ) {
    this.left = ahead.rounds;
    this.trust = before?.trust ?? mostRounds;
    this.begin();
  }

  /** Whether a run is under way, or something was done that is not handed out yet. */
  get areAhead(): boolean {
    return this.done.length > 0 || this.running !== null || this.failure !== null;
  }

  /** Whether a run is under way. */
  get areRunning(): boolean {
    return this.running !== null;
  }

  /** Whether what comes next is what follows, as far as is known. */
  get follow(): boolean {
    const next = this.done[0] ?? this.coming;
    if (next === null || !this.ahead.decides || this.session.kept!.shown === null) return true;
    const { phases, stream } = this.of;
    const { seed, offset } = stream.position;
    const isThere =
      seed === next.numbers.random.seed &&
      offset === next.offset &&
      phases.every((phase, i) => loaderOf(phase).epochsBegun === next.epochs[i]);
    return isThere && next.foreseen.holds();
  }

  /** Whether others who had the model have left everything as they found it, and the next steps would be those that were done ahead. */
  get hold(): boolean {
    const { session, of } = this;
    const next = this.done[0] ?? this.coming;
    try {
      return next !== null && of.validSession === session && session.kept!.areLeft && session.hasNumbers(next.numbers, of.stream.position);
    } catch {
      return false; // an option that the next step will refuse, where the fit is told
    }
  }

  /** The next of what was done, where `areAhead`. */
  async next(): Promise<Segment> {
    if (this.done.length === 0) await this.running;
    else await ownTurn();
    const part = this.done.shift();
    if (part === undefined) throw this.failure!.reason;
    const segment = this.count(part);
    if (part.phase === 0) this.trust = Math.min(mostRounds, this.trust < 2 ? this.trust + 1 / 16 : 1.1 * this.trust);
    this.goOn();
    return { ...segment(), seconds: part.report.seconds };
  }

  /** Begins the next run, if there is none and not too much waits already. */
  goOn(): void {
    if (this.running !== null || this.left === 0 || this.isPaused || this.trust < 2) return;
    if (this.done.filter(({ phase }) => phase === 0).length > this.most) return;
    try {
      // What others have changed that steps only read is not in the rounds that are kept: then these are handed out first.
      if (!this.ahead.decides) this.session.refresh();
      else if (this.session.isStale) this.left = 0;
      if (this.left > 0) this.begin();
    } catch {
      this.left = 0; // the fit is told when it comes there
    }
  }

  /** Ends the run under way, if the fit ends: counts what was done, or drops it if it may have been decided about. Null: at once. */
  land(): Promise<void> | null {
    if (this.ahead.decides) return this.drop();
    const countAll = (): void => {
      for (const part of this.done.splice(0)) {
        this.count(part);
        if (part.report.end === 'refused') this.refused = part.report.message!;
      }
    };
    if (this.running !== null) return this.running.then(countAll);
    countAll();
    return null;
  }

  /** Takes back what was done and not handed out. Null: at once. */
  takeBack(): Promise<void> | null {
    this.trust = Math.max(1, this.trust / 4);
    const dropping = this.drop();
    const takeBack = (): void => this.session.kept?.takeBack();
    if (dropping !== null) return dropping.then(takeBack);
    takeBack();
    return null;
  }

  private drop(): Promise<void> | null {
    this.isPaused = true;
    const forget = (): void => {
      this.done.length = 0;
      this.failure = null;
    };
    forget();
    if (this.running === null) return null;
    this.session.stop();
    return this.running.then(forget);
  }

  private get most(): number {
    return Math.min(this.trust, this.ahead.decides ? this.session.keepRounds(mostRounds).most : mostRounds);
  }

  // Begins the run that follows what was done and is not handed out.
  private begin(): void {
    const { done, session, ahead, limits } = this;
    const { phases, stream, validSession } = this.of;
    const rounds = Math.min(this.left, Math.floor(this.most));
    const left = this.left - rounds;
    this.left = 0;
    const loaders = phases.map(loaderOf);
    const areRows = phases.every(({ rows, batch }, phase) => rows !== null && (phase === 0 || batch === 0));
    const areSeparate = new Set(loaders).size === loaders.length; // one that is there twice counts its epochs for both
    if (validSession !== session || rounds === 0 || !areRows || !areSeparate) return;
    const { seed, offset: present } = stream.position;
    const offset = done.at(-1)?.report.randomOffset ?? present;
    const total = (phase: number, count: (report: LoopReport) => number): number =>
      sum(done.map((part) => (part.phase === phase ? count(part.report) : 0)));
    const epochs = loaders.map(({ epochsBegun }, phase) => epochsBegun + total(phase, ({ orders }) => orders));
    const ended = phases[0]!.epochsDone + total(0, ({ epochLossSums }) => epochLossSums.length);
    const random = { seed, offset };
    const from = { ...limits, random };
    const { foreseen, live, told } = this.foresee(from, ended, rounds);
    if (live.length === 0) return;
    const first = (done.at(-1)?.round ?? session.kept?.shown ?? -1) + 1;
    const running = session.rounds(from, epochs, live, told, ahead.decides ? first : null);
    const coming = (round: number, steps: readonly (readonly number[])[]) => ({
      foreseen: foreseen[round]!,
      numbers: { live: live[round]!, random, steps, told: told?.[round] ?? null },
    });
    const none = phases.map((_, phase) => session.kinds(phase).map(() => 0));
    this.coming = { ...coming(0, none), offset, epochs };
    this.running = running.then(
      (reports) => {
        const { complete, goesOn } = this.take(reports, coming, first, this.coming!);
        [this.running, this.coming] = [null, null];
        if (goesOn) this.left = left + rounds - complete;
        this.goOn();
      },
      (reason: unknown) => {
        [this.running, this.coming, this.failure] = [null, null, { reason }];
      },
    );
    if (told !== null) this.tellOn(told, ended, Math.min(left + rounds - told.length, Math.floor(this.most)));
  }

  // The rates and the live numbers of so many rounds, after which as many epochs and more have ended; of fewer if those of the next ones are not known.
  private foresee(
    from: RunLimits,
    ended: number,
    rounds: number,
  ): { foreseen: readonly Foreseen[]; live: LiveOfLoops[]; told: readonly ToldRound[] | null } {
    const { done, session } = this;
    if (this.ahead.rates.areOfSteps) {
      const told = this.tell(ended, rounds);
      const live = told.length === 0 ? null : session.liveOfLoops(from, true);
      return { foreseen: told.map((round) => round.foreseen), live: live === null ? [] : told.map(() => live), told };
    }
    const foreseen: Foreseen[] = [];
    const live: LiveOfLoops[] = [];
    const { after, restore } = this.ahead.rates.foresee();
    try {
      session.whenCounted(done, () => {
        for (let round = 0; round < rounds; round++) {
          const next = after(ended + round);
          const own = next === foreseen.at(-1) ? live.at(-1)! : session.liveOfLoops(from);
          if (own === null) break;
          foreseen.push(next);
          live.push(own);
        }
      });
    } catch (error) {
      if (live.length === 0) throw error; // otherwise the fit is told when it comes there
    } finally {
      restore();
    }
    return { foreseen, live, told: null };
  }

  // What so many rounds are told of their steps, behind what was done and is not handed out. What was told of them while the run before was under way holds if the
  // state is the one from which it was calculated.
  private tell(ended: number, rounds: number): readonly ToldRound[] {
    const { done, session, known } = this;
    const { stream, phases } = this.of;
    const offset = done.at(-1)?.report.randomOffset ?? stream.position.offset;
    const last = done.filter(({ phase }) => phase === 0).at(-1)?.numbers.told ?? null;
    return this.inEpoch(ended, last, [], () => {
      const at = known.findIndex((round) => round.random.offset === offset && begins(session.loops[0]!, round));
      if (at >= 0) return known.slice(at, at + rounds);
      return this.tellFrom({ ...stream.position, offset }, last === null ? phases[0]!.batch : 0, rounds);
    });
  }

  // Calculates what so many rounds behind those of the run under way are told, unless it is known.
  private tellOn(under: readonly ToldRound[], ended: number, rounds: number): void {
    const at = this.known.indexOf(under[0]!);
    const behind = at < 0 ? under : this.known.slice(at);
    const last = behind.at(-1)!;
    const missing = rounds - (behind.length - under.length);
    const told = missing > 0 ? this.inEpoch(ended + behind.length, last, behind, () => this.tellFrom(last.behind, 0, missing)) : [];
    this.known = [...behind, ...told];
  }

  // Calls a function in the state that will be there when so many epochs have ended, the last of which is `last`, and the steps of `under` follow those that were done.
  private inEpoch(
    ended: number,
    last: ToldRound | null,
    under: readonly ToldRound[],
    fn: () => readonly ToldRound[],
  ): readonly ToldRound[] {
    const { done, session } = this;
    const steps = stepsOf(under, session.kinds(0).length);
    try {
      return this.ahead.rates.inEpoch(ended, last?.foreseen ?? null, () =>
        session.whenCounted([...done, { phase: 0, report: { steps } }], fn),
      );
    } catch {
      return []; // the fit is told when it comes there
    }
  }

  private tellFrom(random: RandomPosition, batch: number, rounds: number): readonly ToldRound[] {
    const { session, of } = this;
    const others = sum(of.phases.slice(1).map((_, i) => session.drawsOfEpoch(i + 1)));
    return tellRounds(session.loops[0]!, random, batch, others, this.ahead.rates, rounds);
  }

  // Takes in what a run did: how many of its rounds are complete, and whether the next run may follow.
  private take(
    reports: readonly LoopReport[],
    coming: (round: number, steps: readonly (readonly number[])[]) => Omit<Beginning, 'offset' | 'epochs'>,
    first: number,
    begun: Beginning,
  ) {
    const { length } = this.of.phases;
    let { offset, epochs } = begun;
    let { steps } = begun.numbers;
    for (const [i, report] of reports.entries()) {
      const [phase, round] = [i % length, Math.floor(i / length)];
      this.done.push({ phase, report, round: first + round, ...coming(round, steps), offset, epochs });
      offset = report.randomOffset;
      steps = steps.map((ofKinds, at) => (at === phase ? ofKinds.map((count, kind) => count + report.steps[kind]!) : ofKinds));
      epochs = epochs.map((count, at) => (at === phase ? count + report.orders : count));
    }
    const { end, counted, outputs } = reports.at(-1)!;
    const done = end === 'done' ? reports.length : reports.length - 1;
    const isBetween = end === 'done' || (end === 'time' && !this.ahead.decides); // the middle of an epoch is not kept
    const isCounted = outputs.length === 0 && (counted?.targets.byteLength ?? 0) === 0;
    return { complete: Math.floor(done / length), goesOn: isBetween && done % length === 0 && isCounted };
  }

  // Counts a part that is handed out.
  private count({ phase, report, round, foreseen, numbers }: RunAhead): () => Segment {
    const { session, ahead } = this;
    const segment = this.of.count(phase, session, report);
    session.commit(phase, report);
    if (phase !== 0) return segment;
    const steps = sum(report.steps);
    if (numbers.told !== null) ahead.rates.went(numbers.told.foreseen, steps);
    else if (steps > 0) ahead.rates.told(foreseen.rates, steps);
    if (ahead.decides) session.kept!.shown = report.epochLossSums.length > 0 ? round : null;
    return segment;
  }
}
