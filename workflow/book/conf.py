"""Sphinx's settings. Nothing is executed and nothing is fetched, neither while building nor while reading."""

project = "LMFN, rebuilt and measured"
html_title = project
language = "en"
extensions = ["myst_nb"]
nb_execution_mode = "off"
nb_merge_streams = True
nb_render_markdown_format = "myst"
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4
html_theme = "furo"
html_math_renderer = "mathml"  # MathJax would come from the network, and its fonts with it
html_static_path = ["static"]
html_css_files = ["book.css"]
html_show_copyright = html_show_sourcelink = html_copy_source = False


MATHML = "http://www.w3.org/1998/Math/MathML"
SUMS = ("\N{N-ARY SUMMATION}", "\N{N-ARY PRODUCT}")


def setup(app):
    """Formulas become MathML, and a picture keeps the alternative text that its notebook stores with it."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    _keep_alternative_texts()
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _inline(translator, node):
    _write(translator, node, "inline")


def _block(translator, node):
    translator.body.append('<div class="math">')
    _write(translator, node, "block", "</div>\n")


def _write(translator, node, display, end=""):
    from docutils.nodes import SkipNode

    translator.body.append(formula(node.astext(), display) + end)
    raise SkipNode


def formula(tex, display):
    """A formula in MathML; the limits of a sum stand below and above it wherever there is room."""
    from xml.etree import ElementTree

    from latex2mathml.converter import convert

    tree = ElementTree.fromstring(convert(tex, display=display))
    ElementTree.register_namespace("", MATHML)
    for short, long in {"msubsup": "munderover", "msub": "munder"}.items():
        for element in tree.iter(f"{{{MATHML}}}{short}"):
            if element[0].text in SUMS:
                element.tag = f"{{{MATHML}}}{long}"
    return ElementTree.tostring(tree, encoding="unicode")


def _keep_alternative_texts():
    from myst_nb.core.render import NbElementRenderer

    plain = NbElementRenderer.render_image

    def render_image(self, data):
        pictures = plain(self, data)
        for picture in pictures:
            picture["alt"] = data.output_metadata.get(data.mime_type, {}).get("alt", "")
        return pictures

    NbElementRenderer.render_image = render_image
