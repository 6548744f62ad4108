// json_text.js - JSON as it came, indented and coloured. It is never parsed and written again: that
// would round large numbers. What is not JSON is shown as it is.

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|[{}[\],:]|[^\s"{}[\],:]+|"/g;

function span(parent, kind, text) {
  if (!kind) return parent.append(text);
  const element = document.createElement('span');
  element.className = kind;
  element.textContent = text;
  parent.append(element);
}

function kindOf(token, next) {
  if (token[0] === '"') return next === ':' ? 'k' : 's';
  return /^(-?\d|true$|false$|null$)/.test(token) ? 'n' : '';
}

// The beginning of it, on one line.
export function preview(parent, text, most = 260) {
  const tokens = text.slice(0, most).match(TOKEN) ?? [];
  tokens.forEach((token, i) => span(parent, kindOf(token, tokens[i + 1]), token));
  if (text.length > most) parent.append('…');
}

// All of it; arrays of plain values stay on one line.
export function pretty(parent, text, most = 200000) {
  const tokens = text.slice(0, most).match(TOKEN) ?? [];
  let depth = 0;
  const line = () => parent.append('\n' + '  '.repeat(depth));
  const flat = (from) => {
    const end = tokens.findIndex((token, i) => i > from && '[]{}'.includes(token[0]));
    return end > 0 && end - from < 40 && tokens[end] === (tokens[from] === '[' ? ']' : '}')
      && (tokens[from] === '[' || end === from + 1) ? end : 0;
  };
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (token === '{' || token === '[') {
      const end = flat(i);
      if (end) {
        for (; i <= end; i++) {
          span(parent, kindOf(tokens[i], ''), tokens[i]);
          if (tokens[i] === ',') parent.append(' ');
        }
        i--;
        continue;
      }
      parent.append(token);
      depth++;
      line();
    } else if (token === '}' || token === ']') {
      depth = Math.max(0, depth - 1);
      line();
      parent.append(token);
    } else if (token === ',') {
      parent.append(token);
      line();
    } else if (token === ':') {
      parent.append(': ');
    } else {
      span(parent, kindOf(token, tokens[i + 1]), token);
    }
  }
  if (text.length > most) parent.append('\n…');
}
