// Cards in JupyterLab's launcher, written by hand so that nothing has to be built: a container as JupyterLab loads it,
// an object with `init` and `get` (webpack, "Module Federation": "Concepts", containers). JupyterLab lends its own
// modules through the scope that `init` is given; nothing else is loaded, and no address is asked but JupyterLab's own.
"use strict";
(() => {
  const CATEGORY = "This project";
  const CARDS = [
    {
      name: "data",
      label: "Data",
      caption: "What this project's extract holds: tables, columns and what they mean",
      path: "Data.ipynb",
      run: true,
      drawing: "M4 6c0-4 16-4 16 0v12c0 4-16 4-16 0zm0 0c0 4 16 4 16 0M4 12c0 4 16 4 16 0",
    },
    {
      name: "requests",
      label: "Requests",
      caption: "Your requests for release, how each stands, and how to ask",
      path: "Requests.ipynb",
      run: true,
      drawing: "M4 13v7h16v-7M12 15V4M7 9l5-5 5 5",
    },
    {
      name: "help",
      label: "Help and course",
      caption: "What there is in this workspace, and a course to learn it by",
      path: "Welcome.ipynb",
      run: false,
      drawing: "M8 9c0-6 8-6 8-1 0 3-4 3-4 6m0 3v2",
    },
  ];

  let lent = {};

  // A module that JupyterLab lends: it has one version of each.
  async function borrowed(name) {
    const [version] = Object.values(lent[name] ?? {});
    if (version === undefined) throw new Error(`JupyterLab lends no ${name}`);
    return (await version.get())();
  }

  function icon(LabIcon, card) {
    const line = 'fill="none" stroke="#005eb8" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round"';
    const svgstr = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path ${line} d="${card.drawing}"/></svg>`;
    return new LabIcon({ name: `tre:${card.name}`, svgstr });
  }

  // Run a notebook anew and keep what it shows, so that closing it asks nothing.
  async function run(shown, lab) {
    await shown.context.ready;
    await shown.sessionContext.ready;
    await lab.NotebookActions.runAll(shown.content, shown.sessionContext);
    await shown.context.save();
  }

  // Open a card's notebook, in the window's one tab of it. The launcher takes no other click before this is done, so a
  // run goes on by itself.
  async function open(app, lab, card) {
    try {
      await app.serviceManager.contents.get(card.path, { content: false });
    } catch {
      const said = `${card.path} is not in your home folder. It is put there again when the workspace is next opened.`;
      return lab.showErrorMessage(card.label, said);
    }
    const shown = await app.commands.execute("docmanager:open", { path: card.path, factory: "Notebook" });
    app.shell.activateById(shown.id);
    if (card.run) run(shown, lab).catch((failed) => lab.showErrorMessage(card.label, failed));
  }

  async function extension() {
    const { ILauncher } = await borrowed("@jupyterlab/launcher");
    const { LabIcon } = await borrowed("@jupyterlab/ui-components");
    const { NotebookActions } = await borrowed("@jupyterlab/notebook");
    const { showErrorMessage } = await borrowed("@jupyterlab/apputils");
    return {
      id: "@tre/cards:plugin",
      description: "Cards for the project's data, its requests for release, and help.",
      autoStart: true,
      requires: [ILauncher],
      activate: (app, launcher) => {
        CARDS.forEach((card, rank) => {
          const command = `tre:${card.name}`;
          app.commands.addCommand(command, {
            label: card.label,
            caption: card.caption,
            icon: icon(LabIcon, card),
            execute: () => open(app, { NotebookActions, showErrorMessage }, card),
          });
          launcher.add({ command, category: CATEGORY, rank });
        });
      },
    };
  }

  window._JUPYTERLAB = window._JUPYTERLAB ?? {};
  window._JUPYTERLAB["@tre/cards"] = {
    init: (scope) => {
      lent = scope;
    },
    get: async (name) => {
      if (name !== "./extension") throw new Error(`There is no ${name} in @tre/cards`);
      const plugin = await extension();
      return () => plugin;
    },
  };
})();
