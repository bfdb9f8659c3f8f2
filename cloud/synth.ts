import { cloudApp } from './app.ts';

cloudApp().synth();
