'use strict';
// Retries: a task that fails comes back after a moment, each time after a longer one; a task that
// has failed four times is moved to the dead letters. The broker does the waiting and the counting.
//
//   node examples/retries.js

const amqp = require('amqplib');

const QUEUE = 'thumbnails';
const DEAD_LETTERS = 'thumbnails.dead';

/** "flaky" succeeds at the third attempt, "broken" never. */
function succeeds(task, attempt) {
  return task === 'broken' ? false : task === 'flaky' ? attempt === 3 : true;
}

async function declare(channel) {
  await channel.assertQueue(DEAD_LETTERS, { durable: true });
  await channel.assertQueue(QUEUE, {
    durable: true,
    deadLetterExchange: '',
    deadLetterRoutingKey: DEAD_LETTERS,
    arguments: {
      'x-delivery-limit': 3,            // Three more attempts,
      'x-delayed-retry-type': 'all',    // each of them later:
      'x-delayed-retry-min': 50,        // after 50 ms,
      'x-delayed-retry-multiplier': 2,  // 100 ms, 200 ms.
    },
  });
}

async function main() {
  const connection = await amqp.connect(process.env.AMQP_URL || 'amqp://localhost');
  const channel = await connection.createConfirmChannel();
  await declare(channel);
  for (const task of ['cat.jpg', 'flaky', 'broken']) {
    channel.sendToQueue(QUEUE, Buffer.from(task), { persistent: true });
  }
  await channel.waitForConfirms();

  const attempts = {};
  channel.consume(QUEUE, (message) => {
    if (message === null) return;  // The queue was deleted.
    const task = message.content.toString();
    attempts[task] = (attempts[task] || 0) + 1;
    if (succeeds(task, attempts[task])) channel.ack(message);
    else channel.nack(message);
  });
  await new Promise((resolve) => {
    channel.consume(DEAD_LETTERS, (letter) => {
      if (letter === null) return;
      const reason = letter.properties.headers['x-first-death-reason'];
      console.log(`dead letter: ${letter.content}, ${reason}`);
      channel.ack(letter);
      resolve();
    });
  });
  for (const [task, count] of Object.entries(attempts)) console.log(`${task}: ${count}`);

  await channel.deleteQueue(QUEUE);
  await channel.deleteQueue(DEAD_LETTERS);
  await connection.close();
}

main().catch((error) => { console.error(error.message); process.exit(1); });
