--[[ What Quarto does by itself and pandoc does not: cross-references, float numbers, callouts, raw HTML tables in the
PDF, alternative texts. Runs before citeproc on the same report.qmd that Quarto renders.

Known here: @fig- @tbl- @eq- @sec- (also [-@x] and [@x; @y]), `::: {#fig-x}` and `::: {#tbl-x}` with the caption as last
paragraph, pandoc's own captioned figures and tables with such ids, `$$ … $$ {#eq-x}`, `::: {.callout-x}`,
`::: {.content-visible when-format="…"}`, `layout-ncol`. An unknown id is printed as ?@id and named on stderr. ]]

local is_typst = FORMAT:match("typst") ~= nil
local is_html = FORMAT:match("html") ~= nil
local is_docx = FORMAT:match("docx") ~= nil
local NAMES = { fig = "Figure", tbl = "Table", eq = "Equation", sec = "Section" }
local CALLOUTS = { note = true, tip = true, important = true, warning = true, caution = true }
local numbers, counters, headings, unresolved = {}, { fig = 0, tbl = 0, eq = 0 }, {}, {}

local function raw(text) return pandoc.RawInline(is_typst and "typst" or "html", text) end

local function kind_of(id)
  local kind = id:match("^(%a+)%-")
  return NAMES[kind] and kind or nil
end

local function number(kind, id)
  counters[kind] = counters[kind] + 1
  if numbers[id] then io.stderr:write("gapstudy: duplicate reference @" .. id .. "\n") end
  numbers[id] = tostring(counters[kind])
  return numbers[id]
end

local function quoted(text) return '"' .. text:gsub("\\", "\\\\"):gsub('"', '\\"') .. '"' end

local function escaped(text)
  return (text:gsub("&", "&amp;"):gsub('"', "&quot;"):gsub("<", "&lt;"):gsub(">", "&gt;"))
end

-- Notes, method and data of a float are its last blocks; a caption stands next to the picture or table, before them.
local function is_note(block)
  if block.t ~= "Div" then return false end
  return block.classes:includes("gs-notes") or block.classes:includes("content-visible")
end

local function split_notes(content)
  for place, block in ipairs(content) do
    if is_note(block) then
      return pandoc.Blocks { table.unpack(content, 1, place - 1) }, pandoc.Blocks { table.unpack(content, place) }
    end
  end
  return content, pandoc.Blocks {}
end

-- A numbered float: the same markup as Quarto's, so that one style sheet serves both. In Typst the template moves the
-- caption, for Quarto's floats too.
local function float(kind, id, content, caption)
  local n = number(kind, id)
  local on_top = kind == "tbl"
  if is_typst then
    local blocks = pandoc.Blocks { pandoc.RawBlock("typst", "#figure([") }
    blocks:extend(content)
    local closing = pandoc.Inlines { raw("], caption: figure.caption(position: " .. (on_top and "top" or "bottom") .. ", [") }
    closing:extend(caption)
    closing:insert(raw(('])' .. ', kind: "quarto-float-%s", supplement: "%s") <%s>'):format(kind, NAMES[kind], id)))
    blocks:insert(pandoc.Plain(closing))
    return blocks
  end
  local label = pandoc.Span({ pandoc.Str(NAMES[kind] .. "\u{a0}" .. n .. ".") }, { class = "gs-label" })
  if is_docx then
    local words = pandoc.Inlines { pandoc.Strong { label }, pandoc.Space() }
    words:extend(caption)
    local style = on_top and "Table Caption" or "Image Caption"
    local line = pandoc.Div({ pandoc.Para(words) }, { ["custom-style"] = style })
    local blocks, notes = split_notes(content)
    blocks:insert(on_top and 1 or #blocks + 1, line)
    blocks:extend(notes)
    return pandoc.Div(blocks, pandoc.Attr(id))
  end
  local words = pandoc.Inlines { raw("<figcaption>"), label, pandoc.Space() }
  words:extend(caption)
  words:insert(raw("</figcaption>"))
  local figure = pandoc.Blocks { pandoc.RawBlock("html", '<figure class="quarto-float-' .. kind .. '">') }
  if on_top then figure:insert(pandoc.Plain(words)) end
  local shown_part, notes = split_notes(content)
  figure:extend(shown_part)
  if not on_top then figure:insert(pandoc.Plain(words)) end
  figure:insert(pandoc.RawBlock("html", "</figure>"))
  figure:extend(notes)
  return pandoc.Div(figure, pandoc.Attr(id, { "quarto-float" }))
end

local function split_caption(blocks)
  local last = blocks[#blocks]
  if last and (last.t == "Para" or last.t == "Plain") then
    return pandoc.Blocks { table.unpack(blocks, 1, #blocks - 1) }, last.content
  end
  return blocks, pandoc.Inlines {}
end

local function callout(div, kind)
  local blocks, title = div.content, div.attributes.title and { pandoc.Str(div.attributes.title) }
  if not title and blocks[1] and blocks[1].t == "Header" then
    title = blocks[1].content
    blocks = pandoc.Blocks { table.unpack(blocks, 2) }
  end
  title = title or { pandoc.Str(kind:sub(1, 1):upper() .. kind:sub(2)) }
  if is_typst then
    local opening = pandoc.Inlines { raw('#gs-callout(kind: "' .. kind .. '", title: [') }
    opening:extend(title)
    opening:insert(raw("])["))
    local out = pandoc.Blocks { pandoc.Plain(opening) }
    out:extend(blocks)
    out:insert(pandoc.RawBlock("typst", "]"))
    return out
  end
  if is_docx then
    local blocks_of = pandoc.Blocks { pandoc.Para { pandoc.Strong(title) } }
    blocks_of:extend(blocks)
    return pandoc.Div(blocks_of, { ["custom-style"] = "Callout" })
  end
  local head = pandoc.Para { pandoc.Strong(title) }
  head = pandoc.Div({ head }, { class = "callout-header" })
  local body = pandoc.Div(blocks, { class = "callout-body" })
  return pandoc.Div({ head, body }, { class = "callout callout-" .. kind, role = "note" })
end

local function shown(div)
  local function matches(format)
    if is_docx then return format == "docx" end
    return format == "html" and is_html or format == "typst" and is_typst or format == "pdf" and is_typst
  end
  local when, unless = div.attributes["when-format"], div.attributes["unless-format"]
  local hit = (not when or matches(when)) and not (unless and matches(unless))
  if div.classes:includes("content-visible") then return hit end
  if div.classes:includes("content-hidden") then return not hit end
  return true
end

local function panels(div)
  local columns = tonumber(div.attributes["layout-ncol"])
  if is_docx then return div.content end
  if is_html then
    div.attributes = { style = "display: grid; gap: 1rem; grid-template-columns: repeat(" .. columns .. ", 1fr)" }
    return div
  end
  local out = pandoc.Blocks { pandoc.RawBlock("typst", "#grid(columns: (1fr,) * " .. columns .. ", gutter: 1em,") }
  for _, block in ipairs(div.content) do
    out:insert(pandoc.RawBlock("typst", "["))
    out:insert(block)
    out:insert(pandoc.RawBlock("typst", "],"))
  end
  out:insert(pandoc.RawBlock("typst", ")"))
  return out
end

local numbering = { traverse = "topdown" }

function numbering.Header(header)
  if header.classes:includes("unnumbered") then return nil end
  headings[header.level] = (headings[header.level] or 0) + 1
  for level = header.level + 1, 6 do headings[level] = nil end
  local parts = {}
  for level = 1, header.level do parts[level] = tostring(headings[level] or 0) end
  if kind_of(header.identifier) == "sec" then numbers[header.identifier] = table.concat(parts, ".") end
end

function numbering.Div(div)
  if not shown(div) then return {}, false end
  for _, class in ipairs(div.classes) do
    local kind = class:match("^callout%-(%a+)$")
    if CALLOUTS[kind] then return callout(div, kind) end
  end
  local kind = kind_of(div.identifier)
  if kind == "fig" or kind == "tbl" then
    local content, caption = split_caption(div.content)
    return float(kind, div.identifier, content, caption)
  end
  if tonumber(div.attributes["layout-ncol"]) then return panels(div) end
end

function numbering.Figure(figure)
  if kind_of(figure.identifier) ~= "fig" then return nil end
  return float("fig", figure.identifier, figure.content, pandoc.utils.blocks_to_inlines(figure.caption.long))
end

function numbering.Table(tbl)
  local id = tbl.identifier
  if kind_of(id) ~= "tbl" then return nil end
  local caption = pandoc.utils.blocks_to_inlines(tbl.caption.long)
  tbl.identifier, tbl.caption = "", { long = {} }
  tbl.classes:insert("typst:no-figure")
  return float("tbl", id, pandoc.Blocks { tbl }, caption), false
end

function numbering.Para(para)
  local parts = para.content
  local math, last = parts[1], parts[#parts]
  local id = last and last.t == "Str" and last.text:match("^{#(eq%-[%w%-]+)}$")
  if not (id and math.t == "Math" and math.mathtype == "DisplayMath") then return nil end
  local n = number("eq", id)
  if is_typst then
    local described = "alt: " .. quoted((math.text:gsub("%s+", " "))) .. ", "
    local before, after = "#math.equation(block: true, " .. described .. 'numbering: "(1)", [', "]) <" .. id .. ">"
    return pandoc.Plain { raw(before), math, raw(after) }
  end
  if is_docx then  -- on the line with its number, between tabulators
    local tab = pandoc.RawInline("openxml", "<w:r><w:tab/></w:r>")
    local line = pandoc.Inlines { tab, pandoc.Math("InlineMath", math.text), tab, pandoc.Str("(" .. n .. ")") }
    return pandoc.Div({ pandoc.Para(line) }, pandoc.Attr(id, {}, { ["custom-style"] = "Equation" }))
  end
  local label = pandoc.Span({ pandoc.Str("(" .. n .. ")") }, { class = "gs-equation-number" })
  return pandoc.Div({ pandoc.Plain { math, label } }, pandoc.Attr(id, { "gs-equation" }))
end

-- Neither Typst nor Word has HTML: read raw tables into the document tree, as Quarto does.
function numbering.RawBlock(block)
  if not is_html and block.format == "html" and block.text:match("<table") then
    return pandoc.read(block.text, "html").blocks
  end
end

-- Every formula is described by its source, for those who hear the PDF.
local function formula(math)
  if not is_typst then return nil end
  return { raw("#[#set math.equation(alt: " .. quoted((math.text:gsub("%s+", " "))) .. "); "), math, raw("]") }
end

-- Alternative texts: Quarto's fig-alt becomes alt, which pandoc's Typst writer leaves out altogether.
local function image(img)
  local alt = img.attributes["fig-alt"] or pandoc.utils.stringify(img.caption)
  img.attributes["fig-alt"] = nil
  if is_html then
    img.attributes.alt = alt
    return img
  end
  if is_docx then
    img.caption = { pandoc.Str(alt) }
    return img
  end
  if not is_typst then return img end
  local width = img.attributes.width and ", width: " .. img.attributes.width:gsub("px$", "pt") or ""
  return raw("#box(image(" .. quoted(img.src) .. ", alt: " .. quoted(alt) .. width .. "))")
end

local function reference(citation)
  local id, kind = citation.id, kind_of(citation.id)
  if not numbers[id] then
    unresolved[id] = true
    return { pandoc.Strong { pandoc.Str("?@" .. id) } }
  end
  local word = NAMES[kind]
  if #citation.prefix > 0 then word = pandoc.utils.stringify(citation.prefix) end
  local text = word .. "\u{a0}" .. numbers[id]
  if citation.mode == "SuppressAuthor" then text = numbers[id] end
  return { pandoc.Link({ pandoc.Str(text) }, "#" .. id, "", { class = "quarto-xref" }) }
end

local function cite(element)
  local kinds = 0
  for _, citation in ipairs(element.citations) do
    if kind_of(citation.id) then kinds = kinds + 1 end
  end
  if kinds == 0 or kinds < #element.citations then return nil end
  local out = pandoc.Inlines {}
  for i, citation in ipairs(element.citations) do
    if i > 1 then out:extend { pandoc.Str(","), pandoc.Space() } end
    out:extend(reference(citation))
  end
  return out
end

-- Typst turns a link to "#id" into link(<id>), which needs the label to be there.
function Pandoc(doc)
  -- First of all, and at any depth: what `numbering` puts into a list it does not visit again.
  doc = doc:walk { Div = function(div) if not shown(div) then return {} end end }
  doc = doc:walk(numbering)
  doc = doc:walk { Cite = cite, Image = image, Math = formula }
  local names = {}
  for id in pairs(unresolved) do names[#names + 1] = id end
  table.sort(names)
  for _, id in ipairs(names) do io.stderr:write("gapstudy: unresolved reference @" .. id .. "\n") end
  return doc
end
