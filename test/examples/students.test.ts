// The students that the examples draw, and the file that they can be read from instead.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { features, makeStudents, readStudents } from '../../examples/student-data';
import { temporaryFolder } from '../temporary';

const folder = temporaryFolder();

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('makeStudents', () => {
  const n = 2392;
  const { x, y } = makeStudents(n);
  const column = (name: string) => Array.from({ length: n }, (_, i) => x.data[i * features.length + features.indexOf(name)]!);

  it('is a function of the seed', () => {
    expect(makeStudents(n).x.data).toEqual(x.data);
    expect(makeStudents(n, 2).x.data).not.toEqual(x.data);
  });

  it.each([
    ['Age', 15, 18, 4],
    ['Gender', 0, 1, 2],
    ['Ethnicity', 0, 3, 4],
    ['ParentalEducation', 0, 4, 5],
    ['Absences', 0, 29, 30],
    ['Tutoring', 0, 1, 2],
    ['ParentalSupport', 0, 4, 5],
    ['Extracurricular', 0, 1, 2],
    ['Sports', 0, 1, 2],
    ['Music', 0, 1, 2],
    ['Volunteering', 0, 1, 2],
  ])('%s has every value from %i to %i', (name, low, high, values) => {
    const all = column(name);
    expect(new Set(all).size).toBe(values);
    expect([Math.min(...all), Math.max(...all)]).toEqual([low, high]);
  });

  it('keeps hours and grade points in their ranges', () => {
    for (const [name, most] of [
      ['StudyTimeWeekly', 20],
      ['GPA', 4],
    ] as const) {
      expect(column(name).every((value) => value >= 0 && value <= most)).toBe(true);
    }
  });

  it('grades by GPA, half of all with the lowest grade', () => {
    const lowest = [3.5, 3, 2.5, 2, 0];
    const gpa = column('GPA');
    expect(Array.from(y.data).every((grade, i) => gpa[i]! >= lowest[grade]! && (grade === 0 || gpa[i]! < lowest[grade - 1]!))).toBe(true);
    const shares = [0, 1, 2, 3, 4].map((grade) => Array.from(y.data).filter((g) => g === grade).length / n);
    expect(shares.every((share) => share > 0.02)).toBe(true);
    expect(Math.abs(shares[4]! - 0.53)).toBeLessThan(0.05);
  });
});

describe('readStudents', () => {
  const header = ['StudentID', ...features, 'GradeClass'].join(',');

  it('takes the columns by name', async () => {
    const path = file('good.csv', `${header}\n1001,17,1,0,2,19.5,7,1,2,0,0,1,0,2.9,2.0\n1002,18,0,0,1,15.25,0,0,1,0,0,0,0,3,1.0\n`);
    const { x, y } = await readStudents(path);
    expect(x.toArray()).toEqual([
      [17, 1, 0, 2, 19.5, 7, 1, 2, 0, 0, 1, 0, Math.fround(2.9)],
      [18, 0, 0, 1, 15.25, 0, 0, 1, 0, 0, 0, 0, 3],
    ]);
    expect(y.toArray()).toEqual([2, 1]);
  });

  it.each([
    ['5', 'low.csv'],
    ['-1', 'high.csv'],
    ['1.5', 'between.csv'],
  ])('refuses the grade %s', async (grade, name) => {
    const path = file(name, `${header}\n1001,17,1,0,2,19.5,7,1,2,0,0,1,0,2.9,${grade}\n`);
    await expect(readStudents(path)).rejects.toThrow(`${path}: GradeClass must be 0, 1, 2, 3 or 4`);
  });
});
