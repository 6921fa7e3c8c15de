// Students after the schema of the "Students Performance Dataset" (Rabie El Kharoua, Kaggle): drawn at random, or read from a file.
import { writeFileSync } from 'node:fs';
import { data, manualSeed, rand, randn, type Tensor, tensor } from 'simdnn';

export const target = 'GradeClass'; // 0 to 4, for the marks A, B, C, D and F

// Each feature as a function of a number u that is uniform in [0, 1).
const between = (low: number, high: number) => (u: number) => low + Math.floor(u * (high - low + 1));
const yes = (probability: number) => (u: number) => (u < probability ? 1 : 0);
const upTo = (cumulative: number[]) => (u: number) => cumulative.findIndex((probability) => u < probability);
const drawn: Record<string, (u: number) => number> = {
  Age: between(15, 18),
  Gender: yes(0.5),
  Ethnicity: upTo([0.5, 0.7, 0.9, 1]),
  ParentalEducation: upTo([0.1, 0.4, 0.8, 0.95, 1]),
  StudyTimeWeekly: (u) => 20 * u, // hours
  Absences: between(0, 29), // days in the year
  Tutoring: yes(0.3),
  ParentalSupport: upTo([0.1, 0.3, 0.6, 0.9, 1]),
  Extracurricular: yes(0.4),
  Sports: yes(0.3),
  Music: yes(0.2),
  Volunteering: yes(0.15),
};

export const features = [...Object.keys(drawn), 'GPA'];

// The effect of one unit of each feature on the grade point average; the other features have none.
const effect: Record<string, number> = {
  StudyTimeWeekly: 0.03,
  Absences: -0.1,
  Tutoring: 0.25,
  ParentalSupport: 0.15,
  Extracurricular: 0.2,
  Sports: 0.2,
  Music: 0.15,
};

const gradeOf = (gpa: number): number => (gpa >= 3.5 ? 0 : gpa >= 3 ? 1 : gpa >= 2.5 ? 2 : gpa >= 2 ? 3 : 4);

/**
 * `n` students: x `[n, 13]` in the order of `features`, y `[n]` int32. A function of the seed.
 *
 * GPA = 2.6 + the effects + normal noise of deviation 0.2, clipped to [0, 4]; GradeClass is 0 from a GPA of 3.5 on, 1 from 3, 2 from 2.5,
 * 3 from 2, else 4: about half of the students.
 */
export function makeStudents(n: number, seed = 1): { x: Tensor; y: Tensor } {
  manualSeed(seed);
  const uniform = rand([n, features.length]).data;
  const noise = randn([n]).data;
  const grades: number[] = [];
  const rows = Array.from({ length: n }, (_, i) => {
    const row = Object.values(drawn).map((feature, j) => feature(uniform[i * features.length + j]!));
    const explained = Object.keys(drawn).reduce((sum, name, j) => sum + (effect[name] ?? 0) * row[j]!, 2.6);
    const gpa = Math.min(4, Math.max(0, explained + 0.2 * noise[i]!));
    grades.push(gradeOf(gpa));
    return [...row, gpa];
  });
  return { x: tensor(rows), y: tensor(Int32Array.from(grades)) };
}

/** Writes such students as a CSV file of that schema, with an identifier for each and the grade as "2.0". */
export function writeStudents(path: string, n: number, seed = 1): void {
  const { x, y } = makeStudents(n, seed);
  const rows = Array.from(y.data, (grade, i) => [1001 + i, ...x.narrow(0, i, 1).data, `${grade}.0`].join(','));
  writeFileSync(path, `${[['StudentID', ...features, target].join(','), ...rows].join('\n')}\n`);
}

/** The students of a CSV file of that schema; other columns are ignored. */
export async function readStudents(path: string): Promise<{ x: Tensor; y: Tensor }> {
  const { x, y } = await data.readCsv(path, { columns: features, target, text: [] });
  if (y!.dtype !== 'int32' || y!.lt(0).add(y!.gt(4)).max().item() > 0) throw new RangeError(`${path}: ${target} must be 0, 1, 2, 3 or 4`);
  return { x, y: y! };
}
