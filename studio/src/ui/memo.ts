import {Component, type ComponentChild, createElement, type FunctionComponent} from 'preact';

/** A component that is drawn again only if one of its properties is another. */
export function memo<Props extends object>(inner: FunctionComponent<Props>): FunctionComponent<Props> {
  class Memo extends Component<Props> {
    override shouldComponentUpdate(next: Props): boolean {
      const names = Object.keys({...this.props, ...next}) as (keyof Props)[];
      return names.some((name) => this.props[name] !== next[name]);
    }

    override render(): ComponentChild {
      return createElement(inner, this.props);
    }
  }
  return Memo as unknown as FunctionComponent<Props>;
}
