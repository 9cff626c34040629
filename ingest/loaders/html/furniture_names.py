"""The names that programs which make sites give to what stands around the content of their pages.

Of MediaWiki, WordPress, Confluence, Docusaurus, Sphinx and its themes, MkDocs, GitHub, DocBook and others, as their
pages have them; all in lower case.
"""

from __future__ import annotations

import re

CLASSES = frozenset(
    {
        *("navheader", "navfooter", "docnav", "sphinxsidebar", "breadcrumb", "breadcrumbs", "breadcrumb-section"),
        *("breadcrumb-nav", "wy-breadcrumbs", "crumbs", "pagination", "pagination-nav", "prev-next", "post-navigation"),
        *(
            "nav-links",
            "page-nav",
            "pager",
            "rst-footer-buttons",
            "rst-versions",
            "skip-link",
            "skip-links",
            "skiplink",
        ),
        *("skip-to-content", "js-skip-to-content", "mw-jump-link", "toc", "table-of-contents", "tableofcontents"),
        *("toc_container", "toc-macro", "toc-container", "toc-wrapper", "page-toc", "local-toc", "on-this-page"),
        *("theme-doc-toc-mobile", "theme-doc-toc-desktop", "theme-doc-version-badge", "theme-announcement-bar"),
        *("announcement-bar", "edit-this-page", "edit-page-link", "theme-edit-this-page", "edit-on-github"),
        *("report-bug", "page-feedback", "doc-feedback", "was-this-helpful", "social-share", "share-buttons"),
        *("sharedaddy", "addtoany_share_save_container", "share-links", "social-links", "jp-relatedposts"),
        *("related-posts", "relatedposts", "yarpp-related", "comment-respond", "headerlink", "permalink", "hash-link"),
        *("header-anchor", "heading-anchor", "anchor-link", "anchorjs-link", "heading-link", "headeranchor-link"),
        *("mw-editsection", "mw-cite-backlink", "mw-portlet", "mw-indicators", "catlinks", "printfooter", "sitesub"),
        *("page-metadata", "likes-and-labels-container", "likes-section", "labels-section", "content-navigation"),
        *("footnote-backref", "footnote-back", "copybtn", "copy-button", "zeroclipboard-container", "adsbygoogle"),
        *("advertisement", "doc-backlink", "reversefootnote"),
    }
)
"""What is furniture wherever it stands, unless it holds the page's title."""
SHORT = frozenset(
    {
        *("newsletter", "newsletter-signup", "newsletter-sign-up", "newsletter-form", "newsletter-box", "subscribe"),
        *("subscribe-form", "subscribe-box", "signup-form", "sign-up-form", "share", "sharing", "feedback", "related"),
        *("related-articles", "related-links", "related-content", "social", "helpful", "rating", "entry-footer"),
    }
)
"""What is furniture where it is short, and the page says elsewhere what its content is about."""
CONSENT = re.compile(
    r"(?:[\w-]*[-_])?(?:cookies?|consent|gdpr)"
    r"(?:[-_]?(?:banner|notice|consent|bar|popup|modal|dialog|message|overlay|box|container|law|info|settings|sdk))+"
    r"|cc-(?:window|banner)|onetrust[\w-]*|cybotcookiebot\w*|usercentrics[\w-]*|didomi[\w-]*|truste[\w-]*|qc-cmp2[\w-]*"
)
ABOUT_CONSENT = re.compile(r"[\w-]*(?:cookie|consent|gdpr)[\w-]*")
"""The same around the content, and of what asks."""
OFFERS = re.compile(
    r"(?:report (?:a|an|this) (?:bug|issue|problem)|edit (?:this page|on \w+)|improve this page"
    r"|(?:show|view)(?: page)? source|skip to (?:main )?content|jump to (?:content|navigation|search)|back to top"
    r"|was this (?:page )?helpful\?)[.!»→↗]?",
    re.IGNORECASE,
)
"""Links that all pages of a site offer."""
PRESSED = re.compile(
    r"(?:copy(?: (?:code|link|to clipboard))?|copied!?|edit|share|print|like|watch|reply|search|menu|close|subscribe"
    r"|sign (?:up|in)|log ?in|accept(?: all)?(?: cookies)?|reject(?: all)?|submit|send|save|cancel|next|previous|ok"
    r"|on this page|toggle [\w ]{1,40})",
    re.IGNORECASE,
)
"""What stands on buttons and says nothing of the content."""
CONTENTS = ("content", "main-content", "maincontent", "main_content", "page-content", "site-content")
"""Ids of the element that holds a page's content where no element says so by its kind."""
MARKS = frozenset(
    {
        "\u00b6",
        "\u00a7",
        "#",
        "\U0001f517",
        "\uf0c1",
        "\ue157",
        "\u200b",
        "\u2191",
        "\u21a9",
        "\u21a9\ufe0e",
        "\u21a9\ufe0f",
    }
)
"""What links of headings to themselves show, and those of notes to where they are referred to."""
