'use strict';
// Runs named async cases one after the other, each on a connection of its own and within 30 s.

/** Prints a line per case and the counts; the exit code is 1 when a case failed. */
async function run(cases, connect) {
  let failed = 0;
  for (const [title, test] of Object.entries(cases)) {
    let connection = null;
    try {
      const limit = new Promise((_, reject) =>
        setTimeout(() => reject(new Error('still running after 30 s')), 30000).unref());
      connection = await connect();
      connection.on('error', () => {});
      await Promise.race([test(connection), limit]);
      console.log(`ok   ${title}`);
    } catch (error) {
      failed++;
      console.log(`FAIL ${title}\n    ${error.stack}`);
    } finally {
      if (connection) await connection.close().catch(() => {});
    }
  }
  console.log(`${Object.keys(cases).length - failed} passed, ${failed} failed`);
  process.exit(failed ? 1 : 0);
}

module.exports = { run };
