--[[ What a Word document wants and HTML and PDF do not: pictures as PNG, and named styles of style/reference.docx. Runs
with Quarto (as a filter of the format docx) and with gapstudy's own renderer. ]]

if not FORMAT:match("docx") then return {} end

local STYLES = { ["gs-signature"] = "Exhibit Signature", ["gs-notes"] = "Exhibit Notes", ["gs-method"] = "Exhibit Method" }
local WIDE = 8 -- columns from which on the type is smaller

local function styled(element)
  for _, class in ipairs(element.classes) do
    if STYLES[class] then
      element.attributes["custom-style"] = STYLES[class]
      return element
    end
  end
end

-- Word shows no SVG before 2016 and LibreOffice shows it as it likes; the renderer put a PNG beside each.
local function image(img)
  local png = img.src:gsub("%.svg$", ".png")
  local file = io.open(png, "rb")
  if not file then return nil end
  file:close()
  img.src = png
  return img
end

-- Width of the widest line, in signs of table type.
local function widest(inlines, scale)
  local most, now = 0, 0
  local function visit(list, factor)
    for _, inline in ipairs(list) do
      if inline.t == "LineBreak" then
        most, now = math.max(most, now), 0
      elseif inline.t == "Str" then
        now = now + factor * (utf8.len((inline.text:gsub("\u{2060}", ""))) or #inline.text)
      elseif inline.t == "Math" then
        now = now + factor * #inline.text / 2
      elseif inline.content then
        visit(inline.content, inline.classes and inline.classes:includes("gs-ci") and factor * 0.8 or factor)
      else
        now = now + factor
      end
    end
  end
  visit(inlines, scale)
  return math.max(most, now)
end

local function rows_of(tbl)
  local rows = pandoc.List {}
  rows:extend(tbl.head.rows)
  for _, body in ipairs(tbl.bodies) do
    rows:extend(body.head)
    rows:extend(body.body)
  end
  return rows
end

-- Columns as wide as their contents, the widest cut to one width until all fit; Word would share the line evenly.
local function widths(tbl, room)
  local wanted = {}
  for column = 1, #tbl.colspecs do wanted[column] = 2 end
  for _, row in ipairs(rows_of(tbl)) do
    local column = 1
    for _, cell in ipairs(row.cells) do
      for _, block in ipairs(cell.col_span == 1 and cell.contents or {}) do
        if block.t == "Div" then block = block.content[1] end
        local inlines = block and block.content or {}
        if wanted[column] then wanted[column] = math.max(wanted[column], widest(inlines, 1)) end
      end
      column = column + cell.col_span
    end
  end
  local padding, total, sorted = 2.2, 0, {}
  for column, width in ipairs(wanted) do
    wanted[column] = width + padding
    total, sorted[column] = total + wanted[column], wanted[column]
  end
  local most = math.huge
  if total > room then
    table.sort(sorted)
    local used = 0
    for place, width in ipairs(sorted) do
      most = (room - used) / (#sorted - place + 1)
      if width > most then break end
      used = used + width
    end
  end
  for column, width in ipairs(wanted) do wanted[column] = math.min(width, most) / room end
  return wanted
end

local function restyled(tbl)
  local crowded = #tbl.colspecs > WIDE
  local style = crowded and "Table Text Small" or "Table Text"
  local interval = crowded and "Interval Small" or "Interval"
  local function paragraphs(blocks)
    return blocks:walk {
      Plain = function(plain) return pandoc.Para(plain.content) end,
      Span = function(span)
        if not span.classes:includes("gs-ci") then return nil end
        return pandoc.Span(span.content, { ["custom-style"] = interval })
      end,
    }
  end
  local function each(rows)
    for _, row in ipairs(rows) do
      local cells = row.cells
      for _, cell in ipairs(cells) do
        cell.contents = pandoc.Blocks { pandoc.Div(paragraphs(cell.contents), { ["custom-style"] = style }) }
      end
      row.cells = cells
    end
    return rows
  end
  local specs, shares = tbl.colspecs, widths(tbl, crowded and 136 or 104)
  for column, spec in ipairs(specs) do specs[column] = { spec[1], shares[column] } end
  local head, bodies = tbl.head, tbl.bodies
  head.rows = each(head.rows)
  for _, body in ipairs(bodies) do
    body.head, body.body = each(body.head), each(body.body)
  end
  tbl.colspecs, tbl.head, tbl.bodies = specs, head, bodies
  return tbl
end

return { { Image = image, Table = restyled }, { Span = styled, Div = styled } }
