'use strict';
// RPC: a call is a message that says where its reply goes. The address `amq.rabbitmq.reply-to` is
// the caller's own channel, so no reply queue is declared; the correlation id tells which reply
// belongs to which call.
//
//   node examples/rpc.js

const amqp = require('amqplib');

const QUEUE = 'square';
const REPLY_TO = 'amq.rabbitmq.reply-to';

async function startServer(connection) {
  const channel = await connection.createChannel();
  await channel.assertQueue(QUEUE, { durable: true });
  await channel.consume(QUEUE, (request) => {
    if (request === null) return;  // The queue was deleted.
    const number = Number(request.content);
    channel.sendToQueue(request.properties.replyTo, Buffer.from(String(number * number)),
      { correlationId: request.properties.correlationId });
    channel.ack(request);
  });
}

/** Returns a function that calls the server and resolves with the reply's text. */
async function startClient(connection) {
  const channel = await connection.createChannel();
  const waiting = new Map();
  let calls = 0;
  await channel.consume(REPLY_TO, (reply) => {
    const { correlationId } = reply.properties;
    waiting.get(correlationId)(reply.content.toString());
    waiting.delete(correlationId);
  }, { noAck: true });
  return (body) => new Promise((resolve) => {
    const correlationId = String(++calls);
    waiting.set(correlationId, resolve);
    channel.sendToQueue(QUEUE, Buffer.from(body), { correlationId, replyTo: REPLY_TO });
  });
}

async function main() {
  const connection = await amqp.connect(process.env.AMQP_URL || 'amqp://localhost');
  await startServer(connection);
  const square = await startClient(connection);
  const squares = await Promise.all(['3', '4', '5'].map(square));  // Three calls at once.
  console.log(`the squares of 3, 4, 5: ${squares.join(', ')}`);

  const channel = await connection.createChannel();
  await channel.deleteQueue(QUEUE);
  await connection.close();
}

main().catch((error) => { console.error(error.message); process.exit(1); });
