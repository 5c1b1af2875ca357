import {render} from 'preact';
import {connect} from './state/actions';
import './styles/base.css';
import './styles/controls.css';
import './styles/layout.css';
import './styles/pad.css';
import './styles/roll.css';
import './styles/panels.css';
import {App} from './ui/app';

render(<App />, document.getElementById('app')!);
void connect();
