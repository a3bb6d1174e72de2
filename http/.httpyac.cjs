// Lets httpYac read what other clients take for comments, so that the files stay plain for every other client:
//   # ?? status == 201                        one of httpYac's own assertions
//   # @until response.parsedBody.count === 1  sends the request again until that is so, for up to 15 s; then a failure
const { ok } = require('node:assert');
const { setTimeout: pause } = require('node:timers/promises');

const patienceMs = 15_000;
const betweenTriesMs = 100;

module.exports = {
  configureHooks({ hooks, javascriptProvider, utils }) {
    const { action: readAssertion } = hooks.parse.items.find(({ id }) => id === 'assert');
    hooks.parse.addHook(
      'assertInComment',
      (linesFrom, context) => readAssertion((...args) => withoutHash(linesFrom(...args)), context),
      { before: ['meta', 'comment'] },
    );

    // {{paid.response.body.id}} is how VS Code's REST Client reads from the answer to the request named `paid`.
    hooks.replaceVariable.addHook(
      'restClientAnswers',
      (text, _type, { variables }) =>
        typeof text === 'string'
          ? text.replace(
              /\{\{(\w+)\.response\.body\.(\w+)\}\}/g,
              (_all, name, field) => variables[name][field],
            )
          : text,
      { before: ['name'] },
    );

    hooks.parseMetaData.addHook('until', (name, condition, { httpRegion }) => {
      if (name !== 'until') return false;
      httpRegion.hooks.onResponse.addHook('until', async (response, context) => {
        const holds = () => javascriptProvider.evalExpression(condition, context, { response });
        const giveUpAt = Date.now() + patienceMs;
        while (!(await holds()) && Date.now() < giveUpAt) {
          await pause(betweenTriesMs);
          await sendAgain(response);
        }
        await utils.testFactoryAsync(context, {})(`until ${condition}`, async () =>
          ok(await holds(), response.body),
        );
      });
      return true;
    });
  },
};

function* withoutHash(lines) {
  for (const line of lines) yield { ...line, textLine: line.textLine.replace(/^\s*#\s*\?\?/, '??') };
}

/** Puts a new answer into the old one's place, for the assertions that follow. */
async function sendAgain(response) {
  const { method, url, headers, body } = response.request;
  const answer = await fetch(url, { method, headers, body });
  response.statusCode = answer.status;
  response.body = await answer.text();
  response.parsedBody = JSON.parse(response.body);
}
