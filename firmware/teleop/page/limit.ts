import { byId, setText } from './elements.ts';
import { keepLimitPercent, readLimitPercent } from './preferences.ts';

/** The slider by which people bound their own speed. */
export class SpeedLimit {
  constructor(changed: (ratio: number) => void) {
    const slider = byId('limit', HTMLInputElement);
    const output = byId('limit-value', HTMLElement);
    const tell = () => {
      const percent = Number(slider.value);
      setText(output, `${percent} %`);
      changed(percent / 100);
    };
    slider.value = String(readLimitPercent());
    slider.addEventListener('input', tell);
    slider.addEventListener('change', () => keepLimitPercent(Number(slider.value)));
    tell();
  }
}
