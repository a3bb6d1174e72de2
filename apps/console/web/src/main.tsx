import './style/tokens.css';
import './style/page.css';
import './style/pipeline.css';
import './style/cards.css';
import { render } from 'preact';
import { Page } from './parts/page.js';
import { listen } from './state/event-stream.js';
import { listenToKeys } from './state/keys.js';
import { watchLedgers } from './state/ledgers.js';

const root = document.querySelector('#console');
if (root === null) throw new Error('Bug: index.html has no #console');
render(<Page />, root);
listen();
listenToKeys();
watchLedgers();
