import MarkdownIt from "markdown-it";

/** Markdown as HTML the way GitHub reads it: tables, HTML and links are on; Mermaid's charts become its own elements. */
export function renderMarkdown(markdown: string): string {
  const renderer = new MarkdownIt({ html: true, linkify: true });
  const fence = renderer.renderer.rules.fence;
  renderer.renderer.rules.fence = (tokens, index, options, env, self) => {
    const token = tokens[index];
    if (token?.info.trim() === "mermaid")
      return `<pre class="mermaid">${renderer.utils.escapeHtml(token.content)}</pre>\n`;
    return fence?.(tokens, index, options, env, self) ?? "";
  };
  return renderer.render(markdown);
}
