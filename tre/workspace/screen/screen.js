// Shows the workspace's desktop. No clipboard: the gate passes none, whatever a page does.
import RFB from "./novnc/core/rfb.js";

const told = document.getElementById("told");
const address = new URL("screen", location.href);
address.protocol = address.protocol.replace("http", "ws");
address.search = address.hash = "";

function show() {
  const rfb = new RFB(document.getElementById("screen"), address.href, { shared: true });
  rfb.scaleViewport = true;
  rfb.compressionLevel = 2;
  rfb.addEventListener("connect", () => { told.textContent = ""; rfb.focus(); });
  rfb.addEventListener("disconnect", () => {
    told.textContent = "The workspace does not answer. Trying again; if this stays, open it from its project.";
    setTimeout(show, 3000);
  });
}

show();
